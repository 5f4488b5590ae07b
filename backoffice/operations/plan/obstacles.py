"""What is in the way of an upgrade beside its own statements."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from backoffice.operations import schema_journal
from backoffice.operations.backups import database_file
from backoffice.operations.plan.rights import lack
from backoffice.operations.plan.steps import Planned
from backoffice.operations.plan.verdicts import Level
from backoffice.operations.upgrading.connections import blockers

MISSING_RIGHT = "missing-right"


@dataclass(frozen=True)
class Obstacle:
    """A finding under the name by which it may be allowed, with what to do about it."""

    level: Level
    name: str
    told: str
    fix: str


def obstacles(connection: sa.Connection, revisions: list[Planned]) -> list[Obstacle]:
    """All of them; where there is nothing to do only what is unfinished."""
    found = list(_unfinished(connection))
    if revisions:
        found += [*_missing_rights(connection, revisions), *_long_transactions(connection), *_disk(connection)]
    return found


def _unfinished(connection: sa.Connection) -> Iterator[Obstacle]:
    row = schema_journal.unfinished(connection)
    if row is not None:
        command = "upgrade" if row.state == schema_journal.UPGRADING else f"downgrade {row.parent or 'base'}"
        told = f"Revision {row.revision} was interrupted at its step {row.position}, or is just being run."
        yield Obstacle(Level.LOOK, "unfinished-revision", told, f"It goes on from there: flask db {command}")


def _missing_rights(connection: sa.Connection, revisions: list[Planned]) -> Iterator[Obstacle]:
    found = lack(connection, revisions)
    if found is not None and found.is_certain:
        yield Obstacle(Level.NO, MISSING_RIGHT, found.told, found.fix)
    elif found is not None:
        told = f"{found.told} A role may bring it, which cannot be seen from here."
        yield Obstacle(Level.LOOK, MISSING_RIGHT, told, found.fix)


def _long_transactions(connection: sa.Connection) -> Iterator[Obstacle]:
    for blocker in blockers(connection)[:5]:
        yield Obstacle(
            Level.LOOK, "long-transaction", f"A transaction is open: {blocker}.",
            "End it, or let the upgrade wait: it tries again for 15 minutes, and holds nobody up meanwhile.",
        )  # fmt: skip


def _disk(connection: sa.Connection) -> Iterator[Obstacle]:
    """SQLite is backed up first and may have to write a table anew; a server's disk cannot be seen from here."""
    file: Path | None = database_file(connection.engine.url)
    if file is None or not file.exists():
        return
    size, free = file.stat().st_size, shutil.disk_usage(file.parent).free
    if free < 2 * size + 50 * 1024**2:
        told = f"{free / 1024**2:,.0f} MB are free beside a database of {size / 1024**2:,.0f} MB."
        yield Obstacle(Level.NO, "disk", told, "Make room for two copies of it: the backup, and a table written anew.")
