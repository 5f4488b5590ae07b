"""Making the search tokens of rows that are there already, and looking whether they are what they should be.

Rows are taken by their key, some hundreds in a transaction that holds them against changes; how far it is stands in the
table `search_index`, so that a walk that was stopped goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import randint
from typing import Any

import sqlalchemy as sa

from backoffice.database import search_index
from backoffice.database.keys import parse_key, print_key
from backoffice.models.searchable import COLUMN, SearchIndex, searched_columns

CHUNK = 1_000
# A CASE of so many branches is read through for every row: twice as many cost four times as much.
AT_ONCE = 100
# A sample is taken in rows that stand side by side: so few look-ups show what a table is like.
NEIGHBOURS = 20
# The index is asked for so many rows at most.
ASKED = 5


@dataclass(frozen=True)
class Row:
    """A row with the tokens it has and those it should have."""

    key: tuple[Any, ...]
    tokens: str | None
    expected: str


@dataclass(frozen=True)
class Drift:
    """How many rows were looked at, the keys of those whose tokens are missing or wrong, and what the index lacks."""

    looked_at: int
    wrong: tuple[str, ...]
    lack: str = ""


def is_due(connection: sa.Connection, model: type[Any]) -> bool:
    """Whether the table waits for its index: made never, half, or by another recipe."""
    state = _state(connection, model)
    return state is None or state.finished_at is None


def remaining(connection: sa.Connection, model: type[Any], *, restart: bool = False) -> int:
    """How many rows `reindex` has to go through."""
    rows = (
        sa.select(sa.func.count())
        .select_from(model.__table__)
        .where(*_beyond(model, _start(connection, model, restart)))
    )
    return connection.scalar(rows) or 0


def reindex(
    engine: sa.Engine, model: type[Any], *, restart: bool = False, progress: Callable[[int], object] = int
) -> int:
    """Make every row's tokens, then the index. Gives how many rows had wrong ones; `progress` hears of every chunk."""
    mended, table = 0, model.__table__
    with engine.connect() as connection:
        missing = search_index.begin(connection, table)
        # An index that is complete stays in use while it is gone through once more.
        due, position = missing or is_due(connection, model), _start(connection, model, restart or missing)
        if missing:
            search_index.note(connection, model, position=None, finished=False)
        connection.commit()
        while True:
            if connection.dialect.name == "sqlite":
                # It has no row locks: nobody else writes until the commit.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            rows = _rows(connection, _chunk(model, position).with_for_update(), model)
            if not rows:
                break
            mended += _mend(connection, model, [row for row in rows if row.tokens != row.expected])
            search_index.add(connection, table, [row.key for row in rows])
            position = rows[-1].key
            search_index.note(connection, model, position=print_key(model, position), finished=not due)
            connection.commit()
            progress(len(rows))
    if search_index.serves(engine.dialect.name, table):
        # While triggers were missing, rows may have lost words that still lead to them.
        search_index.create(engine, table, anew=restart or missing)
    with engine.begin() as connection:
        search_index.note(connection, model, position=None, finished=True)
    return mended


def drift(connection: sa.Connection, model: type[Any], *, sample: int | None = None) -> Drift:
    """Compare rows with the tokens they should have: all of them, or about `sample`."""
    looked_at, wrong = 0, []
    asked: list[Row] = []
    for rows in _read(connection, model, sample):
        looked_at += len(rows)
        wrong += [print_key(model, row.key) for row in rows if row.tokens != row.expected]
        asked += [row for row in rows[:1] if row.tokens == row.expected and len(asked) < ASKED]
    return Drift(looked_at, tuple(dict.fromkeys(wrong)), _lack(connection, model, asked))


def _lack(connection: sa.Connection, model: type[Any], rows: Sequence[Row]) -> str:
    """What is wrong with the index itself; it is asked for some rows that it has to find."""
    table: sa.Table = model.__table__
    if is_due(connection, model):
        return "is not indexed to its end"
    if not search_index.serves(connection.dialect.name, table):
        return ""
    if not search_index.exists(connection, table.name):
        return "has no index"
    for row in rows:
        # Long tokens are rare ones.
        rare = sorted(set(row.expected.split()), key=len)[-4:]
        this = [column == value for column, value in zip(_key(model), row.key, strict=True)]
        found = sa.select(*_key(model)).where(
            search_index.matching(connection.dialect.name, model, [[t] for t in rare]), *this
        )
        if rare and connection.execute(found).first() is None:
            return "has an index that misses rows"
        if search_index.has_strays(connection, table, rare):
            return "has an index that finds rows by words they no longer have"
    return ""


def _state(connection: sa.Connection, model: type[Any]) -> sa.Row[Any] | None:
    """What is noted about the table, unless it is about tokens of another recipe."""
    index = SearchIndex.__table__
    noted = sa.select(index).where(index.c.table_name == model.__tablename__, index.c.recipe == model.search_recipe())
    return connection.execute(noted).one_or_none()


def _start(connection: sa.Connection, model: type[Any], restart: bool) -> tuple[Any, ...] | None:
    """The key after which a walk goes on that was stopped."""
    state = _state(connection, model)
    if restart or state is None or state.finished_at is not None or state.position is None:
        return None
    return parse_key(model, state.position)


def _read(connection: sa.Connection, model: type[Any], sample: int | None) -> Iterator[list[Row]]:
    """The rows by key, chunk by chunk; for a sample of a large table some here and there."""
    key = next(iter(model.__table__.primary_key.columns))
    if sample is not None and isinstance(key.type, sa.Integer):
        first, last = connection.execute(sa.select(sa.func.min(key), sa.func.max(key))).one()
        if first is not None and last - first > sample:
            for _ in range(-(-sample // NEIGHBOURS)):
                place = randint(first, last)  # noqa: S311 - any row will do
                yield _rows(connection, _chunk(model, None, NEIGHBOURS).where(key >= place), model)
            return
    position, read = None, 0
    while (sample is None or read < sample) and (rows := _rows(connection, _chunk(model, position), model)):
        yield rows
        position, read = rows[-1].key, read + len(rows)


def _key(model: type[Any]) -> list[sa.Column[Any]]:
    return list(model.__table__.primary_key.columns)


def _chunk(model: type[Any], position: tuple[Any, ...] | None, limit: int = CHUNK) -> sa.Select[Any]:
    """The next rows by key: the key, the searched columns, the tokens."""
    key = _key(model)
    columns = [*key, *searched_columns(model).values(), model.__table__.c[COLUMN]]
    # Labels: a key may be searched too, and a column would be read once only.
    named = [column.label(f"c{n}") for n, column in enumerate(columns)]
    return sa.select(*named).where(*_beyond(model, position)).order_by(*key).limit(limit)


def _beyond(model: type[Any], position: tuple[Any, ...] | None) -> list[sa.ColumnElement[bool]]:
    if position is None:
        return []
    key = _key(model)
    if len(key) == 1:
        return [key[0] > position[0]]
    # The first condition says nothing new, but MySQL finds its index by it.
    return [key[0] >= position[0], sa.tuple_(*key) > sa.tuple_(*position)]


def _rows(connection: sa.Connection, statement: sa.Select[Any], model: type[Any]) -> list[Row]:
    width, names = len(_key(model)), list(searched_columns(model))
    return [
        Row(tuple(row[:width]), row[-1], model.tokens_of(dict(zip(names, row[width:-1], strict=True))))
        for row in connection.execute(statement)
    ]


def _mend(connection: sa.Connection, model: type[Any], rows: Sequence[Row]) -> int:
    """Write the tokens of many rows at once. Nothing else of them changes, not even when they were last changed."""
    for chunk in (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)):
        # The last row fills up: the statement stays the same, and is put into words once.
        filled = [*chunk, *[chunk[-1]] * (AT_ONCE - len(chunk))]
        values = {f"k{n}_{part}": value for n, row in enumerate(filled) for part, value in enumerate(row.key)}
        values |= {f"tokens{n}": row.expected for n, row in enumerate(filled)}
        connection.execute(_mending(model), values)  # type: ignore[arg-type]  # a class can be hashed
    return len(rows)


@cache
def _mending(model: type[Any]) -> sa.Update:
    table, key = model.__table__, _key(model)
    bound = [[sa.bindparam(f"k{n}_{part}", type_=c.type) for part, c in enumerate(key)] for n in range(AT_ONCE)]
    ways = [
        (sa.and_(*(c == b for c, b in zip(key, these, strict=True))), sa.bindparam(f"tokens{n}", type_=sa.Text()))
        for n, these in enumerate(bound)
    ]
    chosen = key[0].in_([these[0] for these in bound]) if len(key) == 1 else sa.or_(*(way for way, _ in ways))
    kept = {column: column for column in table.columns if column.onupdate is not None}
    return sa.update(table).where(chosen).values({**kept, table.c[COLUMN]: sa.case(*ways)})
