"""Each statement of a revision stands in the journal before it runs, so that a rerun knows what was done.

MySQL and MariaDB commit before and after every change of the schema, PostgreSQL within an autocommit block. The journal
is written on the same connection: what is committed with a statement is its own row, and for one that cannot be
committed together with it the table is compared with what it was before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.sql.ddl import CreateIndex, ExecutableDDLElement

from backoffice.database.limits import MYSQL
from backoffice.errors import BackofficeError
from backoffice.operations import schema_journal
from backoffice.operations.upgrading.definitions import (
    connection_of,
    definition,
    difference,
    invalid_indexes,
    tables_of,
)

CHANGES_SCHEMA = re.compile(r"\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE|GRANT|REVOKE|ANALYZE|OPTIMIZE)\b", re.IGNORECASE)
CHANGES_ROWS = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|WITH|LOAD|COPY)\b", re.IGNORECASE)
# Alembic's own copy of a table that SQLite cannot alter.
COPY = "_alembic_tmp_"


class InterruptedRevision(BackofficeError):
    """An unfinished revision cannot be gone on with as it stands."""


@dataclass(frozen=True)
class Place:
    """How far an unfinished revision had come."""

    position: int
    statement: str
    alone: bool
    before: str


class Statements:
    """Stands in the place of `impl._exec`, which everything that a revision does goes through."""

    def __init__(self, context: MigrationContext, number: str, runner: str, resumed: Place | None) -> None:
        self.context, self.number, self.runner, self.resumed = context, number, runner, resumed
        self.execute = context.impl._exec
        self.position = 0
        # Whether the statement in hand is not committed together with its row of the journal.
        self.alone = False
        # Whether it changed rows of its own accord, and how many statements were not done again.
        self.changed_rows, self.skipped = False, 0
        setattr(context.impl, "_exec", self)  # noqa: B010 - a method, as mypy sees it

    def __call__(
        self, construct: Any, execution_options: Mapping[str, Any] | None = None,
        multiparams: Any = None, params: Mapping[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        """Note the statement, and run it unless that was done before."""
        construct = sa.text(construct) if isinstance(construct, str) else construct
        text = self._text(construct)
        if not (CHANGES_SCHEMA.match(text) or CHANGES_ROWS.match(text)):
            return self.execute(construct, execution_options, multiparams, params or {})
        self.position += 1
        self.changed_rows = self.changed_rows or self._changes_rows(text)
        if self.resumed is not None and self._is_done(self.resumed, construct, text):
            self.skipped += 1
            return None
        self._note(construct, text)
        return self._run(construct, execution_options, multiparams, params or {})

    def _run(self, *arguments: Any) -> Any:
        return self.execute(*arguments)

    @property
    def connection(self) -> sa.Connection:
        """The runner's."""
        return connection_of(self.context)

    def _changes_rows(self, text: str) -> bool:
        """Whether a revision means to change rows; Alembic changes its own, and copies those of a table made anew."""
        return bool(CHANGES_ROWS.match(text)) and COPY not in text and self.context.version_table not in text

    def _text(self, construct: Any) -> str:
        return str(construct.compile(dialect=self.context.dialect))

    def _note(self, construct: Any, text: str) -> None:
        self.alone = self._is_alone(construct, text)
        before = definition(self.connection, tables_of(construct)) if self.alone else ""
        schema_journal.step(
            self.connection, self.number, by=self.runner,
            position=self.position, statement=_digest(text), alone=self.alone, before=before,
        )  # fmt: skip

    def _is_alone(self, construct: Any, text: str) -> bool:
        if self.context.dialect.name in MYSQL:
            return isinstance(construct, ExecutableDDLElement) or bool(CHANGES_SCHEMA.match(text))
        return self.connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"

    def _is_done(self, place: Place, construct: Any, text: str) -> bool:
        """Whether a run before this one has carried the statement out and committed it."""
        if self.position < place.position:
            return True
        self.resumed = None
        if self.position > place.position:
            return False
        if _digest(text) != place.statement:
            raise InterruptedRevision(
                f"Revision {self.number} was interrupted at its step {place.position}, which is another one now. "
                "Put the file back as it was then, or restore a backup, and upgrade again."
            )
        return not place.alone or self._has_landed(construct, place)

    def _has_landed(self, construct: Any, place: Place) -> bool:
        if isinstance(construct, CreateIndex) and self._drop_invalid(construct.element):
            return False
        if definition(self.connection, tables_of(construct)) == place.before:
            return False
        other = difference(self.context, construct)
        if other:
            raise InterruptedRevision(
                f"Revision {self.number} was interrupted at its step {place.position}, and since then somebody has "
                f"changed the same by hand: {other}. Undo that, or restore a backup, and upgrade again."
            )
        return True

    def _drop_invalid(self, index: sa.Index) -> bool:
        """Take away what a broken CREATE INDEX CONCURRENTLY left behind: nothing uses it, and it cannot be mended."""
        quote = self.context.dialect.identifier_preparer.quote
        name = quote(str(index.name))
        if name not in invalid_indexes(self.connection):
            return False
        self.execute(sa.text(f"DROP INDEX CONCURRENTLY {name}"))
        return True


def _digest(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
