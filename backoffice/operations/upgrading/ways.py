"""The two ways, up and down, with what is looked at before and after: the plan, what a downgrade would take away, and
whether the schema is then the one of the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any, TypeVar

import flask_migrate
import sqlalchemy as sa
from alembic.operations import ops
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from sqlalchemy.sql.elements import ColumnClause

from backoffice.database.faults import is_lost, is_passing
from backoffice.errors import BadInput
from backoffice.extensions import db
from backoffice.operations import backups, plan, schema_journal
from backoffice.operations.lint.recording import NotOffline, record
from backoffice.operations.plan.obstacles import MISSING_RIGHT
from backoffice.operations.readiness import Schema, State, schema
from backoffice.operations.revisions import VERSIONS, line
from backoffice.operations.upgrading import verification
from backoffice.operations.upgrading.contracts import why_waits
from backoffice.operations.upgrading.failures import CannotUpgrade
from backoffice.operations.upgrading.report import present

Found = TypeVar("Found")
# For so many seconds what is just being altered is waited for, to be looked at.
PATIENCE = 60.0
LIVE = ("staging", "production")
HEADS = ("head", "heads")
# How old a dump may be that stands for what a downgrade drops.
FRESH = timedelta(days=1)
ELSEWHERE = "snapshot:"


def upgrade(target: str = "head", *, directory: str | None = None, allowed: tuple[str, ...] = (), **more: Any) -> None:
    """Upgrade, unless the plan says no to something that is not allowed by its name; then see that all is there."""
    if not more.get("sql"):
        if newer := _newer(directory):
            # As where code was rolled back, and its deploy goes the same way as ever.
            report = present()
            report.began_at = report.ended_at = newer.database
            report.say(newer.sentence)
            return
        _refuse_by_plan(directory, target, allowed)
        if target in HEADS:
            target = _before_what_waits(directory)
    plainly(flask_migrate.upgrade, directory, target, **more)
    if not more.get("sql"):
        _verify(directory)


def downgrade(target: str, *, directory: str | None = None, backed_up: str = "", **more: Any) -> None:
    """Downgrade, after telling what goes with it; where people work only with a backup of that."""
    if not more.get("sql"):
        if newer := _newer(directory):
            raise BadInput(f"{newer.sentence} Downgrade with the version that upgraded it, then start this one.")
        _tell_what_goes(directory, target, backed_up)
    plainly(flask_migrate.downgrade, directory, target, **more)


def scripts(directory: str | None = None) -> ScriptDirectory:
    """The revisions of this installation."""
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config(directory))


def plan_of(target: str = "head", directory: str | None = None) -> plan.Plan:
    """What an upgrade to there would be."""
    _newer(directory)
    try:
        return _patiently(lambda connection: plan.make(connection, scripts(directory), target))
    except CommandError as error:
        raise BadInput(_explained(str(error))) from None


def _newer(directory: str | None) -> Schema | None:
    """The schema where a newer version has upgraded it; BadInput where this one cannot work with what that left."""
    known = line(Path(scripts(directory).versions))
    found = _patiently(lambda connection: schema(connection, known))
    if found.state is State.UNKNOWN:
        raise BadInput(found.sentence)
    return found if found.state is State.AHEAD else None


def _patiently(look: Callable[[sa.Connection], Found]) -> Found:
    """Look at the database; what another runner alters at this moment cannot be looked at, and can a moment later."""
    until = monotonic() + PATIENCE
    while True:
        try:
            with db.engine.connect() as connection:
                return look(connection)
        except sa.exc.DBAPIError as error:
            if is_lost(error) or not is_passing(error) or monotonic() > until:
                raise
        sleep(0.3)


def _refuse_by_plan(directory: str | None, target: str, allowed: tuple[str, ...]) -> None:
    is_new = not _patiently(schema_journal.version)
    found = plan_of(target, directory)
    known = set(found.refusals())
    unknown = [name for name in allowed if name not in known]
    if unknown and found.revisions:
        present().warn(f"--allow {unknown[0]} was not needed: nothing of that name is in the way.")
    refusals = found.refusals(allowed)
    if is_new:
        # Nobody works with it yet, and there is nothing to lose. Only what it may not do would stop it half-way.
        refusals = {name: told for name, told in refusals.items() if name == MISSING_RIGHT}
    if refusals:
        name, told = next(iter(refusals.items()))
        more = f" ({len(refusals) - 1} more: flask db plan)" if len(refusals) > 1 else ""
        raise CannotUpgrade(f"Nothing was done. {name}: {told}{more} Allow it by its name: --allow {name}")


def _before_what_waits(directory: str | None) -> str:
    """The revision before the first contract that has to wait: a deploy goes on, and comes back for it later."""
    known = line(Path(scripts(directory).versions))

    def first(connection: sa.Connection) -> tuple[str, str]:
        at = schema_journal.version(connection)
        for revision in known.after(at) if at in known.revisions else ():
            if waits := why_waits(connection, revision, known):
                return revision.parent, waits
        return "head", ""

    target, waits = _patiently(first)
    if waits:
        present().warn(f"Left for later. {waits}")
    return target


def _verify(directory: str | None) -> None:
    # Of revisions that stand elsewhere the models say nothing.
    if Path(scripts(directory).versions) != VERSIONS:
        return
    try:
        found = _patiently(verification.look)
    except sa.exc.SQLAlchemyError as error:
        present().warn(f"Not compared with the models ({type(error).__name__}). Look at it: flask ops check")
        return
    verification.tell(found)


def _tell_what_goes(directory: str | None, target: str, backed_up: str) -> None:
    going = list(_going(directory, target))
    for told in going:
        present().say(f"Goes: {told}")
    settings = current_app.extensions["backoffice"]
    # SQLite is backed up by the runner.
    if going and settings.environment in LIVE and backups.database_file(db.engine.url) is None:
        _demand_backup(backed_up)


def _going(directory: str | None, target: str) -> Iterator[str]:
    """What is dropped that holds something."""
    history = scripts(directory)
    with db.engine.connect() as connection:
        heads: Any = schema_journal.heads(schema_journal.version(connection))
        try:
            left = history._downgrade_revs(target, heads) if heads else []
        except CommandError as error:
            raise BadInput(_explained(str(error))) from None
        for script in (step.revision for step in left):
            try:
                recorded = record(script, connection.dialect, "downgrade")
            except NotOffline:
                yield f"what {script.revision} added; it cannot be told without running it"
                continue
            for each in recorded:
                yield from _held(connection, each.op)


def _held(connection: sa.Connection, operation: Any) -> Iterator[str]:
    if not isinstance(operation, (ops.DropTableOp, ops.DropColumnOp)):
        return
    name = operation.table_name
    if not sa.inspect(connection).has_table(name):
        return
    rows = sa.select(sa.func.count()).select_from(sa.table(name))
    if isinstance(operation, ops.DropTableOp):
        count = connection.scalar(rows)
        what = f"table {name} with {_rows(count)}"
    else:
        column: ColumnClause[Any] = sa.column(operation.column_name)
        count = connection.scalar(rows.where(column.is_not(None)))
        what = f"column {operation.column_name} of {name}, which holds a value in {_rows(count)}"
    if count:
        yield what


def _rows(count: int | None) -> str:
    return "1 row" if count == 1 else f"{count or 0:,} rows"


def _demand_backup(backed_up: str) -> None:
    if backed_up.startswith(ELSEWHERE) and len(backed_up) > len(ELSEWHERE):
        return
    if not backed_up:
        raise CannotUpgrade(
            "Nothing was done: this would drop what has been written. Back it up (flask ops backup tells how) and name "
            f"the file: --backed-up FILE, or --backed-up {ELSEWHERE}NAME for one that is kept elsewhere."
        )
    file = Path(backed_up)
    if not file.is_file() or not file.stat().st_size:
        raise CannotUpgrade(f"Nothing was done: there is no backup in {backed_up}. Name its file, or {ELSEWHERE}NAME.")
    if time() - file.stat().st_mtime > FRESH.total_seconds():
        raise CannotUpgrade(f"Nothing was done: {backed_up} is older than a day. Take a backup of what is there now.")


def plainly(work: Any, *arguments: Any, **more: Any) -> None:
    """Flask-Migrate logs what Alembic refuses and exits; here it is told as everything else is."""
    # Its decorator keeps the function it wraps.
    function = getattr(work, "__wrapped__", work)
    try:
        function(*arguments, **more)
    except CommandError as error:
        raise BadInput(_explained(str(error))) from None


def _explained(sentence: str) -> str:
    if sentence.startswith("Can't locate revision"):
        return (
            f"{sentence}. Name one that `flask db history` lists; where the database itself is at it, a newer version "
            "of the product has upgraded it: run that version's flask db."
        )
    if sentence.startswith("Target database is not up to date"):
        return "The schema is not at the newest revision, which a new one has to follow. First: flask db upgrade"
    return sentence
