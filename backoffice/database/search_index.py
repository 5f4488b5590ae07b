"""The full-text index over search tokens, made as each database makes one, and whether it is complete.

MySQL and MariaDB: FULLTEXT. PostgreSQL: GIN over the tokens as a tsvector. SQLite: an FTS5 table that triggers keep.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import Session

from backoffice.database.limits import MYSQL
from backoffice.models.base import Model, utcnow
from backoffice.models.searchable import COLUMN, SearchIndex, is_searchable

# Tables of SQLite's index begin so; SearchIndex itself is a table of ours.
PREFIX = f"{SearchIndex.__tablename__}_"
_complete: WeakKeyDictionary[sa.Engine, set[tuple[str, str]]] = WeakKeyDictionary()


def searchable_models() -> list[type[Any]]:
    """Every model that keeps search tokens, by the name of its table."""
    models = (mapper.class_ for mapper in Model.registry.mappers)
    return sorted((m for m in models if is_searchable(m)), key=lambda m: str(m.__tablename__))


def index_name(table: str) -> str:
    """What the index is called on MySQL, MariaDB and PostgreSQL."""
    return f"ix_{table}_{COLUMN}"


def is_ours(name: str | None, kind: str) -> bool:
    """Whether a table or index in the database belongs to a search index: migrations leave it alone."""
    if kind == "table":
        return (name or "").startswith(PREFIX)
    return kind == "index" and (name or "").endswith(f"_{COLUMN}")


def serves(dialect: str, table: sa.Table) -> bool:
    """Whether this database can index the table: SQLite's index knows rows by one whole number."""
    key = list(table.primary_key.columns)
    return dialect != "sqlite" or (len(key) == 1 and isinstance(key[0].type, sa.Integer))


def matching(dialect: str, entity: Any, tokens: list[list[str]]) -> sa.ColumnElement[bool]:
    """The rows that hold one of each list of tokens, by the index alone; a token ends in `*` where more may follow."""
    column = entity.search_tokens
    if dialect in MYSQL:
        against = " ".join(f"+({' '.join(either)})" if len(either) > 1 else f"+{either[0]}" for either in tokens)
        return mysql.match(column, against=against).in_boolean_mode()
    if dialect == "postgresql":
        query = " & ".join(f"({' | '.join(t.replace('*', ':*') for t in either)})" for either in tokens)
        # Written out, not bound: the index is found by its very expression.
        space: sa.ColumnElement[str] = sa.literal_column("' '")
        vector = sa.func.array_to_tsvector(sa.func.string_to_array(sa.func.btrim(column), space))
        return vector.op("@@", is_comparison=True)(sa.cast(sa.literal(query), postgresql.TSQUERY))
    name = f"{PREFIX}{sa.inspect(entity).mapper.local_table.name}"
    index = sa.table(name, sa.column("rowid"), sa.column(name))
    query = " AND ".join(f"({' OR '.join(either)})" for either in tokens)
    key = getattr(entity, sa.inspect(entity).mapper.primary_key[0].key)
    return key.in_(sa.select(index.c.rowid).where(index.c[name].op("MATCH")(query)))  # type: ignore[no-any-return]  # an untyped attribute's method


# -- making and dropping ----------------------------------------------------------------------------------------------


def exists(connection: sa.Connection, table: str) -> bool:
    """Whether the table has its index, ready for use."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        names = [f"{PREFIX}{table}{suffix}" for suffix in ("", *_TRIGGERS)]
        found = sa.select(sa.func.count()).select_from(sa.table("sqlite_master")).where(sa.column("name").in_(names))
        return connection.scalar(found) == len(names)
    if dialect == "postgresql":
        ready = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
        return bool(connection.scalar(ready, {"name": index_name(table)}))
    return any(index["name"] == index_name(table) for index in sa.inspect(connection).get_indexes(table))


def create(engine: sa.Engine, table: sa.Table, *, anew: bool = False) -> None:
    """Make the index over the tokens that are there, unless there is one; with `anew` in its place.

    Reading goes on meanwhile; on MySQL, MariaDB and SQLite writing waits.
    """
    with engine.connect() as connection:
        there = exists(connection, table.name)
        if there and not anew:
            return
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            create_on(connection, table)
            connection.commit()
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        create_on(connection, table, replacing=there, concurrently=True)


def create_on(
    connection: sa.Connection, table: sa.Table, *, replacing: bool = False, concurrently: bool = False
) -> None:
    """Make the index on a connection; `concurrently` where it is in no transaction and the table is in use."""
    dialect, quote = connection.dialect.name, connection.dialect.identifier_preparer.quote
    name, key = quote(table.name), quote(next(iter(table.primary_key.columns)).name)
    if dialect == "sqlite":
        statements = [*_dropping(dialect, table.name), *_sqlite(table.name, key)]
    elif dialect == "postgresql":
        vector = f"array_to_tsvector(string_to_array(btrim({COLUMN}), ' '))"
        index = f"{'CONCURRENTLY ' if concurrently else ''}{quote(index_name(table.name))}"
        statements = [*_dropping(dialect, table.name), f"CREATE INDEX {index} ON {name} USING gin ({vector})"]
    else:
        index = f"FULLTEXT INDEX {quote(index_name(table.name))} ({COLUMN})"
        old = f"DROP INDEX {quote(index_name(table.name))}, " if replacing else ""
        # FORCE: MariaDB, where there has been such an index before, leaves every row out that is there already.
        statements = [f"ALTER TABLE {name} {old}ADD {index}, FORCE"]
    for statement in statements:
        connection.execute(sa.text(statement))


def drop(op: Any, table: str) -> None:
    """In a migration, before the column goes: take away the index and what was noted about it."""
    for statement in _dropping(op.get_context().dialect.name, table):
        op.execute(statement)
    op.execute(sa.delete(SearchIndex).where(_noted(table)))


_TRIGGERS = ("_added", "_changed", "_removed")


def _sqlite(table: str, key: str) -> list[str]:
    index, name = f"{PREFIX}{table}", f'"{table}"'
    # Names of our own tables and columns, nothing that anybody typed.
    add = f'INSERT INTO "{index}" (rowid, {COLUMN}) VALUES (new.{key}, new.{COLUMN});'  # noqa: S608 - see above
    remove = f'INSERT INTO "{index}" ("{index}", rowid, {COLUMN}) VALUES (\'delete\', old.{key}, old.{COLUMN});'  # noqa: S608 - see above
    return [
        f'CREATE VIRTUAL TABLE "{index}" USING fts5 ({COLUMN}, content={name}, content_rowid={key}, '
        "tokenize='ascii', detail=none, columnsize=0)",
        f'CREATE TRIGGER "{index}_added" AFTER INSERT ON {name} BEGIN {add} END',
        f'CREATE TRIGGER "{index}_changed" AFTER UPDATE OF {key}, {COLUMN} ON {name} BEGIN {remove} {add} END',
        f'CREATE TRIGGER "{index}_removed" AFTER DELETE ON {name} BEGIN {remove} END',
        f'INSERT INTO "{index}" ("{index}") VALUES (\'rebuild\')',  # noqa: S608 - see above
    ]


def _dropping(dialect: str, table: str) -> list[str]:
    if dialect == "sqlite":
        triggers = [f'DROP TRIGGER IF EXISTS "{PREFIX}{table}{suffix}"' for suffix in _TRIGGERS]
        return [*triggers, f'DROP TABLE IF EXISTS "{PREFIX}{table}"']
    # MySQL and MariaDB drop an index with its only column.
    return [f'DROP INDEX IF EXISTS "{index_name(table)}"'] if dialect == "postgresql" else []


# -- complete or not --------------------------------------------------------------------------------------------------


def is_complete(session: Session, model: type[Any]) -> bool:
    """Whether every row of the model can be found by the index. Once true it is not asked again."""
    engine = session.get_bind()
    engine = engine.engine if isinstance(engine, sa.Connection) else engine
    known = _complete.setdefault(engine, set())
    what = (str(model.__tablename__), str(model.search_recipe()))
    if what in known:
        return True
    if not serves(engine.dialect.name, sa.inspect(model).local_table):
        return False
    finished = sa.select(SearchIndex.finished_at).where(
        SearchIndex.table_name == what[0], SearchIndex.recipe == what[1], SearchIndex.finished_at.is_not(None)
    )
    if session.scalar(finished) is None:
        return False
    known.add(what)
    return True


def forget_completeness() -> None:
    """Ask again from here on, in this process."""
    _complete.clear()


def follow_migration(connection: sa.Connection) -> None:
    """After each step of a migration: index the searchable tables that have no row yet, forget those that are gone.

    Every later row brings its tokens. A table with rows waits for `flask search reindex`.
    """
    inspector = sa.inspect(connection)
    tables = set(inspector.get_table_names())
    if SearchIndex.__tablename__ not in tables:
        return
    noted = set(connection.scalars(sa.select(SearchIndex.table_name)))
    for gone in noted - tables:
        for statement in _dropping(connection.dialect.name, gone):
            connection.execute(sa.text(statement))
        connection.execute(sa.delete(SearchIndex).where(_noted(gone)))
    for model in searchable_models():
        table: sa.Table = model.__table__
        if table.name not in tables or COLUMN not in {column["name"] for column in inspector.get_columns(table.name)}:
            continue
        key = next(iter(table.primary_key.columns))
        if table.name not in noted and connection.execute(sa.select(key).limit(1)).first() is None:
            finish(connection, model)


def _noted(table: str) -> sa.ColumnElement[bool]:
    return SearchIndex.table_name == table


def finish(connection: sa.Connection, model: type[Any]) -> None:
    """Make the index if there is none, and note that it is complete."""
    table: sa.Table = model.__table__
    if serves(connection.dialect.name, table) and not exists(connection, table.name):
        create_on(connection, table)
    note(connection, model, position=None, finished=True)


def note(connection: sa.Connection, model: type[Any], *, position: str | None, finished: bool) -> None:
    """Keep how far a table's index is."""
    table, index = str(model.__tablename__), SearchIndex.__table__
    values = {"recipe": model.search_recipe(), "position": position, "finished_at": utcnow() if finished else None}
    changed = connection.execute(sa.update(index).where(index.c.table_name == table).values(values))  # type: ignore[arg-type]  # a Table
    if not changed.rowcount:
        connection.execute(sa.insert(index).values(table_name=table, **values))  # type: ignore[arg-type]  # as above
