"""The runner: revision by revision under the lock, each tried again where something passing was in its way.

It stands behind `migrations/env.py`, so that whoever upgrades comes through it: `flask db upgrade`, `python run.py`,
`flask_migrate.upgrade()` and Alembic's own commands.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import uniform
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.runtime.migration import MigrationContext, RevisionStep

from backoffice.database.faults import is_lost, is_passing
from backoffice.operations import schema_journal
from backoffice.operations.revisions import DATA, Line, Revision, line
from backoffice.operations.schema_journal import DOWNGRADING, UPGRADING, Overtaken, runner_name
from backoffice.operations.upgrading import tables
from backoffice.operations.upgrading.connections import STATEMENT_HOURS, blockers, connected, whole
from backoffice.operations.upgrading.contracts import why_waits
from backoffice.operations.upgrading.definitions import connection_of
from backoffice.operations.upgrading.failures import CannotUpgrade, raising_plainly, refused
from backoffice.operations.upgrading.locks import Lock, lock_of
from backoffice.operations.upgrading.report import Done, Report, present
from backoffice.operations.upgrading.statements import Place, Statements

Configure = Callable[..., None]
Follow = Callable[[sa.Connection], None]
# For so long a revision waits for whatever holds what it needs.
PATIENCE = 900.0
# For so long a runner waits for another one, which ends by itself: it has no more patience, and its statements a limit.
FOLLOWING = STATEMENT_HOURS * 3600.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.3, 5.0
TOLD_TRIES = (1, 5, 20, 60, 150)


class _LostLock(Exception):
    """The connection that held the lock broke: everything is looked at anew."""


def run(engine: sa.Engine, configure: Configure, follow: Follow, back_up: Callable[[], Path | None]) -> None:
    """Do what the present command of Alembic asks.

    `configure` calls `context.configure` with what it is given; `follow` is called after each revision; `back_up`
    before the first of them changes what somebody has written, and gives the file it made.
    """
    runner = _Runner(engine, configure, follow, back_up, present())
    with engine.connect() as connection:
        steps = runner.steps(connection)
        if not steps:
            runner.look_at_version(connection)
    # Commands that only look have done so by now.
    if steps:
        runner.run()


class _Runner:
    def __init__(
        self, engine: sa.Engine, configure: Configure, follow: Follow, back_up: Callable[[], Path | None],
        report: Report,
    ) -> None:  # fmt: skip
        self.engine, self.configure, self.follow, self.back_up, self.report = engine, configure, follow, back_up, report
        self.known: Line = line(Path(context.script.dir) / "versions")
        self.began = monotonic()
        self.until = self.began + PATIENCE
        self.name = runner_name()
        # What the command asks, whatever is configured for one step later.
        self.asked: Callable[..., Any] | None = None

    def steps(self, connection: sa.Connection) -> list[Any]:
        """What is left to do from here."""
        self.configure(connection=connection)
        migration = context.get_context()
        self.asked = self.asked or migration.opts["fn"]
        found = list(self.asked(migration.get_current_heads(), migration) or ())
        connection.rollback()
        return found

    def run(self) -> None:
        """Until nothing is left to do: by this runner, or by another one meanwhile."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                with connected(self.engine) as connection:
                    if self._try(connection):
                        return
            except (_LostLock, Overtaken) as lost:
                self._look_again(lost)
            except sa.exc.DBAPIError as error:
                # While a Galera cluster changes a table it answers nobody: who waits for another runner waits on.
                is_following = self.report.waited_seconds > 0
                if not is_passing(error) or (monotonic() > self.until and not is_following):
                    raise
                self.report.waited_seconds = monotonic() - self.began if is_following else 0.0
                self.report.warn(f"The database {'went away' if is_lost(error) else 'is busy'}; trying again.")
            if self.report.waited_seconds > FOLLOWING:
                raise CannotUpgrade(
                    f"Another upgrade has been at work for {STATEMENT_HOURS} hours, and this one did nothing. "
                    "See what it waits for, or end it; then run this again."
                )
            sleep(uniform(0.5, 1.0) * pause)  # noqa: S311 - no secret depends on it
            pause = min(1.0, pause * 1.5)

    def _look_again(self, lost: _LostLock | Overtaken) -> None:
        if monotonic() > self.until:
            raise CannotUpgrade(
                f"The lock that keeps other upgrades away was lost again and again for {PATIENCE / 60:.0f} minutes. "
                "Let DATABASE_URL lead to the server itself here: a pooler or proxy in between may give each "
                "transaction another session. Then the same command goes on where this one stands."
            )
        why = "The connection that held the lock broke"
        if isinstance(lost, Overtaken):
            why = "Another upgrade took this one for dead, and goes on in its place"
        self.report.warn(f"{why}; looking again how far this has come.")

    def _try(self, connection: sa.Connection) -> bool:
        """Whether there is nothing left to do. False while another runner is at it."""
        lock = lock_of(connection)
        if lock.take():
            try:
                self._carry_out(connection, lock)
            finally:
                lock.release()
            return True
        if not self.report.waited_seconds:
            self.report.say("Another upgrade is at work: waiting for it.")
        self.report.waited_seconds = max(0.01, monotonic() - self.began)
        # It answers: patience is for what is in the way of this runner.
        self.until = monotonic() + PATIENCE
        if self.steps(connection):
            return False
        self.look_at_version(connection)
        return True

    def _carry_out(self, connection: sa.Connection, lock: Lock) -> None:
        current = self.look_at_version(connection)
        schema_journal.prepare(connection, self.known, current)
        steps = self.steps(connection)
        revisions = [step for step in steps if isinstance(step, RevisionStep)]
        if steps and not revisions:
            self._stamp(connection, steps)
        # Once: what is there when this is tried again is half-way, and would sweep away what was there before.
        if revisions and current and not self.report.backup and (made := self.back_up()) is not None:
            self.report.backup = str(made)
            self.report.say(f"A backup is in {made}")
        for step in revisions:
            self._refuse_if_unfinished(connection, step)
            self._refuse_if_early(connection, step, is_new=not current)
            self._revision(connection, step, lock)
            self.until = monotonic() + PATIENCE
            self.look_at_version(connection)

    def look_at_version(self, connection: sa.Connection) -> str:
        """The revision the database is at, told to the report."""
        version = schema_journal.version(connection)
        connection.rollback()
        if self.report.began_at is None:
            self.report.began_at = version
        self.report.ended_at = version
        return version

    def _stamp(self, connection: sa.Connection, steps: list[Any]) -> None:
        """`flask db stamp`: the version is set, nothing is run, and the journal follows."""
        self.configure(connection=connection, fn=lambda _heads, _context: steps)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        schema_journal.rewrite(connection, self.known.until(self.look_at_version(connection)))
        connection.commit()

    def _refuse_if_unfinished(self, connection: sa.Connection, step: RevisionStep) -> None:
        """An unfinished revision is finished first: taking back the one before would take away what it stands on."""
        row = schema_journal.unfinished(connection)
        connection.rollback()
        if row is None or (row.revision == step.revision.revision and (row.state == UPGRADING) == step.is_upgrade):
            return
        what, command = ("The upgrade to", f"upgrade {row.revision}")
        if row.state == DOWNGRADING:
            what, command = ("Taking back", f"downgrade {row.parent or 'base'}")
        raise CannotUpgrade(
            f"{what} {row.revision} was interrupted at step {row.position}, and has to be finished first. "
            f"Run: flask db {command}"
        )

    def _refuse_if_early(self, connection: sa.Connection, step: RevisionStep, *, is_new: bool) -> None:
        """A contract that may not be carried out yet; a database that is just made has nobody at work."""
        if is_new or not step.is_upgrade:
            return
        waits = why_waits(connection, self._known(step), self.known)
        connection.rollback()
        if waits:
            raise CannotUpgrade(waits)

    def _revision(self, connection: sa.Connection, step: RevisionStep, lock: Lock) -> None:
        """One revision, tried again while something passing is in its way."""
        revision = self._known(step)
        done = Done(revision.number, revision.title)
        began, pause = monotonic(), SHORTEST_PAUSE
        while True:
            if not lock.is_held():
                raise _LostLock
            done.tries += 1
            try:
                # What follows it commits on MySQL, and may have failed alone.
                if done.tries == 1 or self._is_left(connection, step):
                    self._once(connection, step, revision, done)
                self.follow(connection)
                connection.commit()
                break
            except sa.exc.DBAPIError as error:
                if is_lost(error):
                    raise
                connection.rollback()
                if not is_passing(error):
                    raise refused(revision, error) from error
                self._wait_for_others(connection, revision, done.tries)
            sleep(uniform(0.5, 1.0) * pause)  # noqa: S311 - no secret depends on it
            pause = min(LONGEST_PAUSE, pause * 1.5)
        done.seconds = round(monotonic() - began, 3)
        self.report.revision_done(done, down=not step.is_upgrade)

    def _is_left(self, connection: sa.Connection, step: RevisionStep) -> bool:
        return any(left.revision.revision == step.revision.revision for left in self.steps(connection))

    def _wait_for_others(self, connection: sa.Connection, revision: Revision, tries: int) -> None:
        if monotonic() > self.until:
            found = "; ".join(map(str, blockers(connection)[:3]))
            raise CannotUpgrade(
                f"Revision {revision.number} could not get hold of what it needs within {PATIENCE / 60:.0f} minutes. "
                + (f"In its way: {found}. " if found else "")
                + "End that, or take a quieter hour: the same command goes on where this one stands."
            )
        if tries in TOLD_TRIES:
            who = "".join(f": {blocker}" for blocker in blockers(connection)[:1])
            self.report.warn(f"{revision.number}  waits for a lock that others hold{who}; trying again.")

    def _once(self, connection: sa.Connection, step: RevisionStep, revision: Revision, done: Done) -> None:
        row = schema_journal.unfinished(connection)
        connection.rollback()
        place = Place(row.position, row.statement, row.alone, row.before) if row is not None else None
        with whole(connection) as is_whole:
            self.configure(
                connection=connection, fn=lambda _heads, _context: [step], on_version_apply=self._applied,
                transactional_ddl=True if is_whole else None,
            )  # fmt: skip
            statements = Statements(context.get_context(), revision.number, self.name, place)
            rows = tables.look(connection) if is_whole else None
            if row is None:
                state = UPGRADING if step.is_upgrade else DOWNGRADING
                schema_journal.begin(connection, revision, state, self.name)
            elif row.runner != self.name:
                schema_journal.take_over(connection, revision.number, row.runner, self.name)
            with context.begin_transaction(), raising_plainly(revision, step.revision.path):
                context.run_migrations()
            if rows is not None:
                may_change = statements.changed_rows or revision.phase == DATA
                tables.check(rows, tables.look(connection), revision.number, may_change_rows=may_change)
        done.resumed_after = max(done.resumed_after, place.position if place else 0)
        done.statements = statements.position

    @staticmethod
    def _applied(*, ctx: MigrationContext, step: Any, **_rest: Any) -> None:
        """In the transaction that moves the version."""
        schema_journal.finish(connection_of(ctx), step.up_revision_id)

    def _known(self, step: RevisionStep) -> Revision:
        return self.known.revisions[step.revision.revision]
