"""The journal of schema changes: which revisions this database has been through, and how far an unfinished one is.

Made beside the revisions, as Alembic's own table is. A version of the product that is older than the schema learns here
what it does not have the files of.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from backoffice.database import search_index
from backoffice.database.clock import moment
from backoffice.models import Model, UTCDateTime
from backoffice.operations.revisions import Line, Revision

TABLE, LEASE_TABLE = "schema_journal", "upgrade_lease"
UPGRADING, DOWNGRADING, DONE = "upgrading", "downgrading", "done"
# Between several revisions, which only somebody else can have brought a database to.
SEPARATOR = ", "
LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
JOURNAL = sa.Table(
    TABLE,
    sa.MetaData(),
    sa.Column("revision", sa.String(32), primary_key=True),
    sa.Column("parent", sa.String(32), nullable=False),
    sa.Column("phase", sa.String(12), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    # The last statement that was begun, counted from 1, and a digest of it.
    sa.Column("position", sa.Integer, nullable=False, default=0),
    sa.Column("statement", sa.String(64), nullable=False, default=""),
    # Whether it was not committed together with this row, and then what it changes, as that was before.
    sa.Column("alone", sa.Boolean, nullable=False, default=False),
    sa.Column("before", LONG, nullable=False, default=""),
    sa.Column("runner", sa.String(255), nullable=False),
    sa.Column("begun_at", UTCDateTime(), nullable=False),
    sa.Column("done_at", UTCDateTime()),
    **Model.__table_args__,
)
VERSION = sa.table("alembic_version", sa.column("version_num"))


def include_name(name: str | None, kind: str, _parents: Any = None) -> bool:
    """Whether Alembic compares it with the models: not the search index, this, and the runners' lease."""
    return not (search_index.is_ours(name, kind) or (kind == "table" and name in (TABLE, LEASE_TABLE)))


def version(connection: sa.Connection) -> str:
    """The revision this database is at; "" where there has been none."""
    if not sa.inspect(connection).has_table(VERSION.name):
        return ""
    return SEPARATOR.join(connection.scalars(sa.select(VERSION.c.version_num)))


def heads(version: str) -> tuple[str, ...]:
    """What `version` told, as Alembic's own functions take it."""
    return tuple(version.split(SEPARATOR)) if version else ()


def prepare(connection: sa.Connection, known: Line, current: str) -> None:
    """Make the journal where there is none, with the revisions that were run before there was one."""
    JOURNAL.create(connection, checkfirst=True)
    if connection.scalar(sa.select(JOURNAL.c.revision).limit(1)) is None:
        rewrite(connection, known.until(current))
    connection.commit()


def unfinished(connection: sa.Connection) -> sa.Row[Any] | None:
    """The revision that was begun and neither finished nor rolled back."""
    if not sa.inspect(connection).has_table(TABLE):
        return None
    return connection.execute(sa.select(JOURNAL).where(JOURNAL.c.state != DONE).limit(1)).first()


class Overtaken(Exception):
    """Another runner has taken the revision over: it took this one for dead."""


def runner_name() -> str:
    """A name that no other runner has: containers may share that of their machine, and the number of their process."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"[-120:]


def begin(connection: sa.Connection, revision: Revision, state: str, runner: str) -> None:
    """Note that a revision begins, in the transaction of its first statement; Overtaken where another has begun it."""
    connection.execute(sa.delete(JOURNAL).where(JOURNAL.c.revision == revision.number, JOURNAL.c.state == DONE))
    try:
        connection.execute(sa.insert(JOURNAL).values(_row(revision, state, runner)))
    except sa.exc.IntegrityError:
        raise Overtaken from None


def take_over(connection: sa.Connection, number: str, former: str, runner: str) -> None:
    """Go on with an unfinished revision in place of the runner that was at it; Overtaken where another one does."""
    step(connection, number, by=former, runner=runner)


def step(connection: sa.Connection, number: str, by: str = "", **values: Any) -> None:
    """Note which statement comes next, in its own transaction where it has one.

    Overtaken where the revision is no longer carried out `by` this runner.
    """
    row = [JOURNAL.c.revision == number, *([JOURNAL.c.runner == by] if by else [])]
    noted = connection.execute(sa.update(JOURNAL).where(*row).values(values))
    if by and noted.rowcount != 1:
        raise Overtaken


def finish(connection: sa.Connection, number: str) -> None:
    """Note that a revision is done, or undone, in the transaction that moves the version."""
    row = connection.execute(sa.select(JOURNAL.c.state).where(JOURNAL.c.revision == number)).first()
    if row is not None and row.state == DOWNGRADING:
        connection.execute(sa.delete(JOURNAL).where(JOURNAL.c.revision == number))
        return
    step(connection, number, state=DONE, alone=False, before="", done_at=moment())


def rewrite(connection: sa.Connection, revisions: Iterable[Revision]) -> None:
    """Hold these revisions, and no others, for done: somebody has stamped the database."""
    connection.execute(sa.delete(JOURNAL))
    for revision in revisions:
        connection.execute(sa.insert(JOURNAL).values(_row(revision, DONE) | {"done_at": moment()}))


def _row(revision: Revision, state: str, runner: str = "") -> dict[str, Any]:
    return {
        "revision": revision.number, "parent": revision.parent, "phase": revision.phase, "state": state,
        "runner": runner, "begun_at": moment(),
    }  # fmt: skip


def between(connection: sa.Connection, older: str, newer: str) -> list[tuple[str, str]] | None:
    """Number and phase of what came after `older`, up to `newer`; None where one does not lead to the other."""
    if not sa.inspect(connection).has_table(TABLE):
        return None
    rows = {row.revision: row for row in connection.execute(sa.select(JOURNAL))}
    passed: list[tuple[str, str]] = []
    while newer in rows and newer != older:
        # Each once: rows that somebody made to follow each other lead nowhere.
        row = rows.pop(newer)
        passed.append((newer, row.phase))
        newer = row.parent
    return passed[::-1] if newer == older else None
