"""What a check is and what it gives: findings, each a sentence of what is and, where needed, one that names the fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa

from backoffice.config import Settings
from backoffice.database.replica import Replica


class Status(StrEnum):
    """How it stands, from good to bad; what could not be looked at says nothing either way."""

    OK = "ok"
    SKIPPED = "skipped"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was found, what to do about it, and the command to type where there is one."""

    status: Status
    told: str
    fix: str = ""
    command: str = ""


@dataclass(frozen=True)
class Installation:
    """All that checks look at. `permissions` are the actions that exist, by model; `debug` is Flask's; `replica` is
    None where nothing is read from one."""

    settings: Settings
    engine: sa.Engine
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    debug: bool = False
    replica: Replica | None = None

    @property
    def is_live(self) -> bool:
        """Whether people depend on it."""
        return self.settings.environment in ("staging", "production")


Look = Callable[[Installation], Iterator[Finding]]
LookAtDatabase = Callable[[Installation, sa.Connection], Iterator[Finding]]


@dataclass(frozen=True)
class Check:
    """One thing to look at: its section of the screen, its name, and the databases that it concerns (none: all)."""

    section: str
    name: str
    look: Look
    asks_database: bool = False
    dialects: tuple[str, ...] = ()


def check(section: str) -> Callable[[Look], Check]:
    """Make a function a check, named after it."""
    return lambda look: Check(section, _name(look), look)


def database_check(section: str, *dialects: str) -> Callable[[LookAtDatabase], Check]:
    """Make a function a check that is given a connection; on these databases alone, where some are named."""

    def declare(look: LookAtDatabase) -> Check:
        def connected(installation: Installation) -> Iterator[Finding]:
            with installation.engine.connect() as connection:
                yield from look(installation, connection)

        return Check(section, _name(look), connected, asks_database=True, dialects=dialects)

    return declare


def ok(told: str) -> Finding:
    """All is well."""
    return Finding(Status.OK, told)


def warn(told: str, fix: str, command: str = "") -> Finding:
    """Somebody should look at it."""
    return Finding(Status.WARN, told, fix, command)


def fail(told: str, fix: str, command: str = "") -> Finding:
    """It has to be mended."""
    return Finding(Status.FAIL, told, fix, command)


def listed(names: list[str], shown: int = 5) -> str:
    """Some names in a sentence."""
    return ", ".join(names[:shown]) + (f" and {len(names) - shown:,} more" if len(names) > shown else "")


def _name(look: Callable[..., object]) -> str:
    return look.__name__.replace("_", " ")
