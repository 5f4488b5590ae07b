"""Run a revision offline and note each of Alembic's operations, with the SQL that it makes for a database."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from alembic import op as proxy
from alembic import util
from alembic.operations import BatchOperations, Operations, ops
from alembic.operations.batch import BatchOperationsImpl
from alembic.runtime.migration import MigrationContext
from alembic.script import Script

from backoffice.database.address import DRIVERS
from backoffice.errors import BackofficeError
from backoffice.models import Model

announcing = logging.getLogger("alembic.runtime.migration")
DIALECTS = ("sqlite", "mysql", "mariadb", "postgresql")
# What a database's compiler and Alembic say of an operation that cannot be written for it.
UNWRITABLE = (sa.exc.CompileError, sa.exc.IdentifierError, sa.exc.ArgumentError, util.CommandError, NotImplementedError)


class NotOffline(BackofficeError):
    """The revision cannot be run without a database; the message names it and what it stumbled over."""


@dataclass
class Recorded:
    """One operation of a revision; its statements are those of one database, in order.

    `line` is where it stands in the file, `autocommit` whether in an `autocommit_block()`, `rebuilds` whether its batch
    makes the table anew (SQLite), `problem` why it cannot be written for this database.
    """

    op: ops.MigrateOperation
    statements: tuple[str, ...] = ()
    line: int = 0
    autocommit: bool = False
    rebuilds: bool = False
    problem: str | None = None


def record(
    script: Script,
    dialect: sa.Dialect | str,
    direction: Literal["upgrade", "downgrade"] = "upgrade",
    metadata: sa.MetaData = Model.metadata,
) -> list[Recorded]:
    """The operations of a revision in one direction on one database, or NotOffline where they need its rows.

    Of a dialect the product counts: one that talks to MariaDB is `mariadb`, however its address begins. What has no
    name gets it from the convention of `metadata`, as in an upgrade.
    """
    output = _Output()
    recorder = _Recorder(_context(product(dialect), output, metadata), output, script.path)
    step: Callable[[], None] = getattr(script.module, direction)
    with _installed(recorder):
        try:
            step()
        # A revision is code of its own, and whatever it raises means the same: it wants a database that answers.
        # Nor does it end the process that looks at it, as if all had been looked at.
        except (Exception, SystemExit) as problem:
            name = type(problem).__name__
            raise NotOffline(
                f"{direction} of revision {script.revision} cannot be run without a database ({name}: {problem}). "
                "Ask op.get_context().as_sql before reading rows."
            ) from problem
    recorder.note_the_rest()
    return recorder.recorded


def _context(name: str, output: _Output, metadata: sa.MetaData) -> _Context:
    options = {"as_sql": True, "literal_binds": True, "output_buffer": output, "target_metadata": metadata}
    # It would announce itself in the log, once for each revision, database and direction.
    announcing.disabled = True
    try:
        return _Context(offline_dialect(name), None, options)
    finally:
        announcing.disabled = False


def product(dialect: sa.Dialect | str) -> str:
    """One of DIALECTS: MySQL's dialect is MariaDB's too, until it has met the server."""
    if isinstance(dialect, str):
        return dialect
    return "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name


def offline_dialect(name: str) -> sa.Dialect:
    """The dialect that the application would use there, without a connection."""
    known: dict[str, Any] = {"is_mariadb": True} if name == "mariadb" else {}
    # Named parameters, so that no % is doubled in what is shown.
    dialect: type[Any] = sa.make_url(f"{DRIVERS[name]}://").get_dialect()
    return dialect(paramstyle="named", **known)  # type: ignore[no-any-return]  # a Dialect


class _Output(list[str]):
    """What Alembic writes its SQL into."""

    def write(self, text: str) -> None:
        if text.strip() not in ("BEGIN;", "COMMIT;"):
            self.append(text.strip().removesuffix(";"))

    def flush(self) -> None:
        """Nothing waits."""


class _Context(MigrationContext):
    """Knows whether an operation stands in an `autocommit_block()`."""

    in_autocommit = False

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        with super().autocommit_block():
            self.in_autocommit = True
            try:
                yield
            finally:
                self.in_autocommit = False


class _Recorder(Operations):
    """`op` of a revision that is being recorded."""

    migration_context: _Context

    def __init__(self, context: _Context, output: _Output, path: str) -> None:
        super().__init__(context)
        self.recorded: list[Recorded] = []
        self.output = output
        self.path = path

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Note the operation, then let it write its SQL."""
        self.note_the_rest()
        noted = self.note(operation)
        try:
            return super().invoke(operation)
        except UNWRITABLE as problem:
            noted.problem = str(problem)
            return None
        finally:
            noted.statements = self._take()

    def note(self, operation: ops.MigrateOperation) -> Recorded:
        """Keep an operation with the place that it stands at."""
        noted = Recorded(operation, line=self._line(), autocommit=self.migration_context.in_autocommit)
        self.recorded.append(noted)
        return noted

    def note_the_rest(self) -> None:
        """What was executed on `op.get_bind()`, past all operations."""
        for statement in self._take():
            self.note(ops.ExecuteSQLOp(statement)).statements = (statement,)

    @contextmanager
    def batch_alter_table(  # type: ignore[override]  # hands on what it does not look at
        self, table_name: str, schema: str | None = None, **options: Any
    ) -> Iterator[BatchOperations]:
        """A batch whose operations are noted one by one, where the database need not make the table anew."""
        batch = _Batch(self, table_name, schema, options)
        yield batch
        batch.finish()

    def _take(self) -> tuple[str, ...]:
        taken = tuple(self.output)
        self.output.clear()
        return taken

    def _line(self) -> int:
        frame = sys._getframe()
        while frame.f_back is not None and frame.f_code.co_filename != self.path:
            frame = frame.f_back
        return frame.f_lineno if frame.f_code.co_filename == self.path else 0


# The arguments of BatchOperationsImpl where batch_alter_table() has its defaults.
UNSAID: dict[str, Any] = {
    **dict.fromkeys(("copy_from", "naming_convention", "partial_reordering")),
    "recreate": "auto",
    "table_args": (),
    "table_kwargs": {},
    "reflect_args": (),
    "reflect_kwargs": {},
}


class _Batch(BatchOperations):
    """`batch_op` of a revision that is being recorded."""

    def __init__(self, recorder: _Recorder, table: str, schema: str | None, options: dict[str, Any]) -> None:
        given: dict[str, Any] = {**UNSAID, **options}
        self.collected = BatchOperationsImpl(recorder, table, schema, **given)  # type: ignore[no-untyped-call]  # Alembic types it not
        super().__init__(recorder.migration_context, impl=self.collected)
        self.recorder = recorder
        self.waiting: list[tuple[ops.MigrateOperation, int]] = []

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Put the operation with the others: only all of them tell whether the table is made anew."""
        self.waiting.append((operation, self.recorder._line()))
        return super().invoke(operation)

    def finish(self) -> None:
        """Write them, or note that the table is made anew, whose columns only the database knows."""
        asked, impl = self.collected.recreate, self.recorder.migration_context.impl
        rebuilds = asked == "always" or (asked == "auto" and impl.requires_recreate_in_batch(self.collected))
        for operation, line in self.waiting:
            if rebuilds:
                self.recorder.note(operation).rebuilds = True
            else:
                self.recorder.invoke(operation)
            self.recorder.recorded[-1].line = line


@contextmanager
def _installed(recorder: _Recorder) -> Iterator[None]:
    """Be `alembic.op` for a while, and give it back to an upgrade that is under way."""
    names, before = vars(proxy), vars(proxy).get("_proxy")
    names["_proxy"] = recorder
    try:
        yield
    finally:
        names["_proxy"] = before
