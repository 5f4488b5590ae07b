"""The statements of the revisions that are left, each with its verdict on this database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.script import Script

from backoffice.database.servers import is_cluster
from backoffice.operations.lint.effects import effect_of
from backoffice.operations.lint.recording import NotOffline, Recorded, product, record
from backoffice.operations.plan.sizes import Size, size_of
from backoffice.operations.plan.verdicts import Level, Verdict, judge
from backoffice.operations.revisions import EXPAND

# Which table a statement that was written by hand is about.
NAMED = re.compile(r"\b(?:INTO|UPDATE|FROM|TABLE|ON)\s+[`\"]?(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class PlannedStep:
    """One operation: its statements and what they mean here."""

    statements: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True)
class Planned:
    """One revision that is left."""

    number: str
    title: str
    phase: str
    steps: list[PlannedStep]
    # Why it is left for later; "" where it is not.
    waits: str = ""


def planned(connection: sa.Connection, scripts: Iterable[Script], *, is_new: bool) -> list[Planned]:
    """Judge them in their order. `is_new` where the database is empty, so that nothing runs beside it."""
    made: set[str] = set()
    dialect = product(connection.dialect)
    return [_revision(connection, script, dialect, made, is_beside=not is_new) for script in scripts]


def _revision(connection: sa.Connection, script: Script, dialect: str, made: set[str], *, is_beside: bool) -> Planned:
    phase = getattr(script.module, "phase", EXPAND)
    title = (script.doc or "").split("\n", 1)[0]
    try:
        recorded = record(script, connection.dialect)
    except NotOffline as problem:
        unseen = Verdict(Level.LOOK, "unseen", problem.message)
        return Planned(script.revision, title, phase, [PlannedStep((), unseen)])
    steps, clustered = [], dialect == "mariadb" and is_cluster(connection.connection)
    for step in recorded:
        table = _table(step)
        if isinstance(step.op, ops.CreateTableOp):
            made.add(table)
        size = None if table in made else size_of(connection, table) if table else _largest(connection)
        effect = effect_of(step, dialect, _existing(connection, step.op))
        steps.append(
            PlannedStep(step.statements, judge(effect, size, phase, is_beside=is_beside, is_cluster=clustered))
        )
    return Planned(script.revision, title, phase, steps)


def _table(step: Recorded) -> str:
    operation: Any = step.op
    name = getattr(operation, "table_name", None) or getattr(getattr(operation, "table", None), "name", None)
    if name is None and step.statements:
        found = NAMED.search(step.statements[0])
        name = found[1] if found else None
    return str(name or "")


def _largest(connection: sa.Connection) -> Size | None:
    """For a statement that does not say what it is about, the worst is assumed."""
    sizes = [size_of(connection, table) for table in sa.inspect(connection).get_table_names()]
    return max((size for size in sizes if size is not None), key=lambda size: size.rows, default=None)


def _existing(connection: sa.Connection, operation: Any) -> Any:
    """The column as it is, where one is altered."""
    if not isinstance(operation, ops.AlterColumnOp) or not sa.inspect(connection).has_table(operation.table_name):
        return None
    columns = sa.inspect(connection).get_columns(operation.table_name)
    return next((column for column in columns if column["name"] == operation.column_name), None)
