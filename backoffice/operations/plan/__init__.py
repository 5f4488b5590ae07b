"""`flask db plan`: what an upgrade would run, what each statement costs on this database, and what is in its way.

`steps` judges the statements by what `lint` knows of them and by the size of their tables, `obstacles` looks at the
installation, `rights` at what the account may, `screen` tells all of it. `flask db upgrade` asks the same before it
begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from backoffice.operations import schema_journal
from backoffice.operations.plan.obstacles import Obstacle, obstacles
from backoffice.operations.plan.steps import Planned, planned
from backoffice.operations.plan.verdicts import Level
from backoffice.operations.revisions import line
from backoffice.operations.upgrading.contracts import why_waits


@dataclass(frozen=True)
class Plan:
    """An upgrade of one database, before it is carried out."""

    database: str
    at: str
    target: str
    revisions: list[Planned]
    obstacles: list[Obstacle]

    @property
    def level(self) -> Level:
        """The worst there is; its number is the exit code."""
        levels = [obstacle.level for obstacle in self.obstacles]
        levels += [step.verdict.level for revision in self.revisions for step in revision.steps]
        levels += [Level.LOOK for revision in self.revisions if revision.waits]
        return max(levels, default=Level.GO)

    def refusals(self, allowed: tuple[str, ...] = ()) -> dict[str, str]:
        """What forbids the upgrade, by the name under which it can be allowed all the same, with its sentence."""
        found = {each.name: f"{each.told} {each.fix}" for each in self.obstacles if each.level is Level.NO}
        for revision in self.revisions:
            for step in revision.steps:
                if step.verdict.level is Level.NO:
                    found.setdefault(step.verdict.name, f"{revision.number}: {step.verdict.told}")
        return {name: told for name, told in found.items() if name not in allowed}


def make(connection: sa.Connection, scripts: ScriptDirectory, target: str = "head") -> Plan:
    """Plan the upgrade to a revision; Alembic's CommandError where there is no such one."""
    at = schema_journal.version(connection)
    known = line(Path(scripts.versions))
    heads: Any = schema_journal.heads(at)
    # Else a newer version has upgraded it.
    is_known = all(head in known.revisions for head in heads)
    # As Alembic finds them when it upgrades: relative ones too, and none where the database is past the target.
    left = [step.revision for step in scripts._upgrade_revs(target, heads)] if is_known else []
    revisions = [
        replace(each, waits=why_waits(connection, known.revisions[each.number], known) if at else "")
        for each in planned(connection, left, is_new=not at)
    ]
    found = obstacles(connection, revisions)
    connection.rollback()
    return Plan(_named(connection), at, left[-1].revision if left else at, revisions, found)


def _named(connection: sa.Connection) -> str:
    """The product and its version."""
    dialect = connection.dialect
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}[dialect.name]
    if getattr(dialect, "is_mariadb", False):
        name = "MariaDB"
    return f"{name} {'.'.join(map(str, (dialect.server_version_info or ())[:3]))}"
