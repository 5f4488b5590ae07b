"""Rows for whatever tables a database has: of each kind of value, with what is easily lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

# In turn: every column has a value; NULL and the database's own default wherever they may be; as long as fits.
FULL, SPARSE, LONG = KINDS = range(3)
# Between the keys of two turns there is room for those that the database gives.
APART = 1_000
WORDS = '番茄🍅 O\'Brien \\ %s "é"'
# Characters of four bytes at most: MySQL's shortest text takes as many.
LONGEST = 15_000
# What other parts of the product read, and could not read if it were anything.
MEANT: dict[str, tuple[str, str | None, str]] = {
    "search_tokens": (" tomato fanqie ", None, f" {' '.join(f'w{n}' for n in range(500))} "),
    "permissions": ("article:*,deleted:read", "user:read,deleted:read", "*:*,article:delete,deleted:read"),
}
# By what each type takes; the first that fits.
OF_TYPE: tuple[tuple[Any, Callable[[int], Any]], ...] = (
    (sa.Boolean, lambda number: bool(number % 2)),
    (sa.Integer, lambda number: number),
    (sa.JSON, lambda number: {"番茄": ["🍅", None, number, 1.5, True, {"": "O'Brien"}]}),
    # MariaDB keeps JSON as such a text, and looks whether it is.
    (mysql.LONGTEXT, lambda number: f'{{"番茄": ["🍅", null, {number}, 1.5, true]}}'),
    (sa.DateTime, lambda number: datetime(2026, 1, 31, 23, 59, number % 60, 123456)),  # noqa: DTZ001 - as it is kept
    ((sa.LargeBinary, mysql.MEDIUMBLOB), lambda number: bytes(range(256)) + str(number).encode()),
)

Rows = dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]


def fill(connection: sa.Connection, known: sa.MetaData, present: Rows, turn: int) -> None:
    """Give every table a row of each kind, others in each `turn`; `known` spares looking at the tables each time."""
    if any(tuple(table.columns.keys()) != present.get(name, ((), []))[0] for name, table in known.tables.items()):
        known.clear()
    known.reflect(connection, only=[name for name in present if name not in known.tables])
    for table in known.sorted_tables:
        for kind in KINDS:
            connection.execute(sa.insert(table).values(_row(connection, table, kind, turn)))


def _row(connection: sa.Connection, table: sa.Table, kind: int, turn: int) -> dict[str, Any]:
    row = {column.name: _value(column, kind, turn) for column in table.columns if not _is_left_out(column, kind)}
    foreign = sorted(table.foreign_keys, key=lambda each: each.parent.name)
    if foreign and kind != SPARSE:
        # One of them leads to the oldest row there, which may be the revisions' own.
        chosen = foreign[0 if kind == FULL else -1]
        row[chosen.parent.name] = connection.scalar(sa.select(sa.func.min(chosen.column)))
    return row


def _is_left_out(column: sa.Column[Any], kind: int) -> bool:
    return kind == SPARSE and (bool(column.nullable) or column.server_default is not None) and not column.primary_key


def _value(column: sa.Column[Any], kind: int, turn: int) -> Any:
    """Keys have the number of their row, and so have those that lead to them."""
    number = (turn + 1) * APART + kind
    if column.name in MEANT:
        return MEANT[column.name][kind]
    # A flag is a small number on MySQL and MariaDB.
    if getattr(column.type, "display_width", None) == 1:
        return number % 2
    for of, made in OF_TYPE:
        if isinstance(column.type, of):
            return made(number)
    assert isinstance(column.type, sa.String), f"{column} is a {column.type!r}: say in OF_TYPE what goes into it"
    text = f"{number}{WORDS * (LONGEST if kind == LONG else 1)}"
    return text[: min(column.type.length or LONGEST, LONGEST)]


def rows(connection: sa.Connection, leaving: Callable[[str], bool]) -> Rows:
    """All rows of all tables, but those of `leaving`."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    found: Rows = {}
    for name in sa.inspect(connection).get_table_names():
        if not leaving(name):
            result = connection.execute(sa.text(f"SELECT * FROM {quote(name)}"))  # noqa: S608 - quoted
            found[name] = tuple(result.keys()), [tuple(row) for row in result]
    return found


def common(before: Rows, after: Rows) -> Rows:
    """What there was before in the tables and columns that are still there."""
    return {
        name: narrowed(columns, held, tuple(column for column in columns if column in after[name][0]))
        for name, (columns, held) in before.items()
        if name in after
    }


def differing(before: Rows, after: Rows) -> dict[str, tuple[list[str], list[str]]]:
    """The tables whose rows are not what they were, over the columns they had: what went, and what came."""
    found = {}
    for name, (columns, held) in before.items():
        was = Counter(map(repr, held))
        now = Counter(map(repr, narrowed(*after[name], columns)[1]))
        if was != now:
            found[name] = sorted((was - now).elements()), sorted((now - was).elements())
    return found


def narrowed(
    columns: tuple[str, ...], held: list[tuple[Any, ...]], to: tuple[str, ...]
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """A table's rows with these of its columns."""
    places = [columns.index(column) for column in to]
    return to, [tuple(row[place] for place in places) for row in held]
