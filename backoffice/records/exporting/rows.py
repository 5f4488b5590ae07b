"""The rows of an export in blocks: one statement, one snapshot, a cursor in the database, as many rows as fit."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from backoffice.database.attributes import Attribute, Kind, label_of, primary_key
from backoffice.database.keys import has_key
from backoffice.database.limits import MYSQL
from backoffice.database.time_limits import TooBroad, limited
from backoffice.records.exporting.columns import Block, Column, exact, expression
from backoffice.records.exporting.values import exact_value

FEWEST_ROWS, MOST_ROWS = 20, 1_000
# A block of texts or of files has fewer rows: this is what it should come to. Each stands in memory several times over
# while it becomes lines, and larger ones take hardly less time.
CHARACTERS = 30_000


@dataclass(frozen=True)
class Source:
    """What to export: `statement` selects the records of `model` in their order; `seconds` end it however far it is.

    `options` load what the columns need where records are needed.
    """

    engine: sa.Engine
    statement: sa.Select[Any]
    model: type[Any]
    columns: list[Column]
    seconds: float = 3600
    options: Sequence[Any] = field(default_factory=tuple)


def blocks(source: Source) -> Generator[Block]:
    """The rows, block by block, as columns of exact values. The cursor ends with the iterator, read out or not."""
    end = monotonic() + source.seconds
    by_record = any(column.needs_record for column in source.columns)
    with (
        _snapshot(source) as (stream, beside),
        # Closed before the connection is: its rows have to end first.
        closing(_of_records(source, stream, beside) if by_record else _of_columns(source, stream)) as found,
    ):
        for block in found:
            if monotonic() > end:
                raise TooBroad
            yield block


# -- two ways to a row -------------------------------------------------------------------------------------------


def _of_columns(source: Source, stream: sa.Connection) -> Generator[Block]:
    """Plain columns, related records' names joined to them: no record is ever made."""
    dialect = source.engine.dialect.name
    statement, selected, makers = source.statement, [], []
    for column in source.columns:
        found = column.found
        assert found is not None  # noqa: S101 - a column without an attribute needs its record
        statement, own = _own_column(statement, found)
        selected.append(expression(own, found, dialect))
        makers.append(exact(found, dialect))
    if all(c.found is None or c.found.path or c.found.kind is Kind.ONE for c in source.columns):
        selected += [part.expression for part in primary_key(source.model)]
    with closing(_fetch(source, stream, statement.with_only_columns(*selected))) as fetched:
        for rows in fetched:
            yield [make(values) for make, values in zip(makers, zip(*rows, strict=True), strict=False)]


def _of_records(source: Source, stream: sa.Connection, beside: sa.Connection) -> Generator[Block]:
    """Records, for what only they can tell: the keys in order, and of each block the records by their keys."""
    keys = [part.expression for part in primary_key(source.model)]
    mapper: Any = sa.inspect(source.model)
    fetching = _fetch(source, stream, source.statement.with_only_columns(*keys))
    with Session(beside) as session, closing(fetching) as fetched:
        for rows in fetched:
            chosen = [tuple(row) for row in rows]
            asked = sa.select(source.model).where(has_key(source.model, chosen)).options(*source.options)
            found = {tuple(mapper.primary_key_from_instance(r)): r for r in session.scalars(asked).unique()}
            records = [found[key] for key in chosen if key in found]
            yield [[_of_record(column, record) for record in records] for column in source.columns]
            session.expunge_all()


def _of_record(column: Column, record: Any) -> Any:
    if column.read is not None or column.found is None:
        return column.read(record) if column.read is not None else None
    for step in column.name.split("."):
        record = getattr(record, step) if record is not None else None
    if column.found.kind is Kind.ONE:
        return None if record is None else str(record)
    return exact_value(column.found, record)


def _own_column(statement: sa.Select[Any], found: Attribute) -> tuple[sa.Select[Any], Any]:
    """The column to select for an attribute, and the statement with what it has to be joined to."""
    steps = [*found.path, found.expression] if found.kind is Kind.ONE else found.path
    parent: Any = None
    for step in steps:
        target: Any = aliased(step.property.mapper.class_)
        source = step if parent is None else getattr(parent, step.key)
        statement = statement.outerjoin(target, source.of_type(target))
        parent = target
    if parent is None:
        return statement, found.expression
    return statement, getattr(parent, (label_of(found.related) or "") if found.kind is Kind.ONE else found.key)


# -- the cursor --------------------------------------------------------------------------------------------------


def _fetch(source: Source, stream: sa.Connection, statement: sa.Select[Any]) -> Generator[Sequence[Any]]:
    """Blocks of rows from a cursor in the database: few rows at first, as many as are light later."""
    statement = statement.execution_options(stream_results=True)
    if source.engine.dialect.name != "postgresql":
        statement = limited(statement, source.seconds)
    result, size = stream.execute(statement), FEWEST_ROWS
    try:
        while rows := result.fetchmany(size):
            yield rows
            size = max(FEWEST_ROWS, min(MOST_ROWS, size * 4, CHARACTERS // _weight(rows)))
    except BaseException:
        _abandon(stream, result)
        raise


def _weight(rows: Sequence[Any]) -> int:
    """The characters of a row, about: those of the last few rows tell."""
    seen = rows[-FEWEST_ROWS:]
    return 1 + sum(len(value) for row in seen for value in row if isinstance(value, (str, bytes))) // len(seen)


def _abandon(stream: sa.Connection, result: sa.CursorResult[Any]) -> None:
    """End the statement now. PyMySQL would first read all the rows that nobody wants, unless the connection goes."""
    unread: Any = getattr(result.cursor, "_result", None)
    if unread is not None and getattr(unread, "unbuffered_active", False):
        unread.unbuffered_active = False
        stream.invalidate()
    result.close()


# -- the snapshot ------------------------------------------------------------------------------------------------


@contextmanager
def _snapshot(source: Source) -> Iterator[tuple[sa.Connection, sa.Connection]]:
    """A connection to stream from, and one beside it for other questions about the same moment.

    They are one and the same where a connection can do both. On MySQL and MariaDB it cannot, so that there the two
    moments lie a few milliseconds apart; a record deleted between them is left out.
    """
    name = source.engine.dialect.name
    with ExitStack() as stack:
        opened = [stack.enter_context(source.engine.connect()) for _ in range(2 if name in MYSQL else 1)]
        for connection in opened:
            if name != "sqlite":
                connection.execution_options(isolation_level="REPEATABLE READ")
        for connection in opened:
            connection.exec_driver_sql(_beginning(name, source.seconds))
        yield opened[0], opened[-1]


def _beginning(dialect: str, seconds: float) -> str:
    if dialect in MYSQL:
        return "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
    # A cursor's statement is told its limit before it: what comes first on a named cursor would be its query.
    return "BEGIN" if dialect == "sqlite" else f"SET LOCAL statement_timeout = {int(seconds * 1000)}"
