"""The index over search tokens, made as each database makes one, and whether it is complete.

MySQL and MariaDB: a table of tokens (see token_tables.py). PostgreSQL: GIN over the tokens as a tsvector. SQLite: an
FTS5 table. Triggers keep the tables.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database import token_tables
from backoffice.database.limits import MYSQL
from backoffice.database.token_tables import PREFIX, TRIGGERS
from backoffice.errors import ConfigurationError
from backoffice.models.base import Model, utcnow
from backoffice.models.searchable import COLUMN, SearchIndex, is_searchable

log = logging.getLogger(__name__)
_complete: WeakKeyDictionary[sa.Engine, set[tuple[str, str]]] = WeakKeyDictionary()


def searchable_models() -> list[type[Any]]:
    """Every model that keeps search tokens, by the name of its table."""
    models = (mapper.class_ for mapper in Model.registry.mappers)
    return sorted((m for m in models if is_searchable(m)), key=lambda m: str(m.__tablename__))


def index_name(table: str) -> str:
    """What the index is called on PostgreSQL; MySQL and MariaDB had one of this name."""
    return f"ix_{table}_{COLUMN}"


def is_ours(name: str | None, kind: str) -> bool:
    """Whether a table or index in the database belongs to a search index: migrations leave it alone."""
    if kind == "table":
        return (name or "").startswith(PREFIX)
    return kind == "index" and (name or "").endswith(f"_{COLUMN}")


def serves(dialect: str, table: sa.Table) -> bool:
    """Whether this database can index the table: SQLite's index knows rows by one whole number."""
    if dialect in MYSQL:
        return token_tables.serves(table)
    key = list(table.primary_key.columns)
    return dialect != "sqlite" or (len(key) == 1 and isinstance(key[0].type, sa.Integer))


def matching(dialect: str, entity: Any, tokens: list[list[str]]) -> sa.ColumnElement[bool]:
    """The rows that hold one of each list of tokens, by the index alone; a token ends in `*` where more may follow."""
    mapper = sa.inspect(entity).mapper
    if dialect in MYSQL:
        parts = [getattr(entity, mapper.get_property_by_column(c).key) for c in mapper.local_table.primary_key.columns]
        key: Any = parts[0] if len(parts) == 1 else sa.tuple_(*parts)
        return key.in_(token_tables.keys(mapper.local_table, tokens).distinct())  # type: ignore[no-any-return]  # of any type
    if dialect == "postgresql":
        # 2 MiB, for those whose database it is.
        from sqlalchemy.dialects.postgresql import TSQUERY

        query = " & ".join(f"({' | '.join(t.replace('*', ':*') for t in either)})" for either in tokens)
        # Written out, not bound: the index is found by its very expression.
        space: sa.ColumnElement[str] = sa.literal_column("' '")
        vector = sa.func.array_to_tsvector(sa.func.string_to_array(sa.func.btrim(entity.search_tokens), space))
        return vector.op("@@", is_comparison=True)(sa.cast(sa.literal(query), TSQUERY))
    name = f"{PREFIX}{mapper.local_table.name}"
    index = sa.table(name, sa.column("rowid"), sa.column(name))
    query = " AND ".join(f"({' OR '.join(either)})" for either in tokens)
    key = getattr(entity, mapper.primary_key[0].key)
    return key.in_(sa.select(index.c.rowid).where(index.c[name].op("MATCH")(query)))  # type: ignore[no-any-return]  # an untyped attribute's method


def keys_alone(dialect: str, model: type[Any], tokens: list[list[str]]) -> sa.Select[Any] | None:
    """The keys of the same rows without the table itself, where this database's index holds them; some come twice."""
    table: sa.Table = sa.inspect(model).local_table
    return token_tables.keys(table, tokens) if dialect in MYSQL and token_tables.counts_alone(table) else None


# -- making and dropping ----------------------------------------------------------------------------------------------


def exists(connection: sa.Connection, table: str) -> bool:
    """Whether the table has its index, ready for use."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        names = [f"{PREFIX}{table}{suffix}" for suffix in ("", *TRIGGERS)]
        found = sa.select(sa.func.count()).select_from(sa.table("sqlite_master")).where(sa.column("name").in_(names))
        return connection.scalar(found) == len(names)
    if dialect == "postgresql":
        ready = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
        return bool(connection.scalar(ready, {"name": index_name(table)}))
    return token_tables.exists(connection, table)


def _is_token_table(connection: sa.Connection, table: sa.Table) -> bool:
    return connection.dialect.name in MYSQL and token_tables.serves(table)


def begin(connection: sa.Connection, table: sa.Table) -> bool:
    """Before rows are gone through: on MySQL and MariaDB make what is missing of the index, and tell whether it was."""
    if not _is_token_table(connection, table):
        return False
    if exists(connection, table.name):
        token_tables.refit(connection, table)
        return False
    create_on(connection, table)
    return True


def add(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """While rows are gone through: on MySQL and MariaDB bring those of these keys into the index."""
    if _is_token_table(connection, table):
        token_tables.fill(connection, table, rows)


def has_strays(connection: sa.Connection, table: sa.Table, tokens: Sequence[str]) -> bool:
    """Whether one of these tokens finds a row that does not have it; none can where the database keeps the index."""
    return connection.dialect.name in MYSQL and token_tables.has_strays(connection, table, tokens)


def create(engine: sa.Engine, table: sa.Table, *, anew: bool = False) -> None:
    """After rows were gone through: make the index over the tokens that are there, unless there is one; with `anew`
    make it again. Reading goes on meanwhile; on SQLite writing waits."""
    with engine.connect() as connection:
        there = exists(connection, table.name)
        if there and not anew:
            return
    if engine.dialect.name in MYSQL:
        if there:
            token_tables.remove_strays(engine, table)
            return
        with engine.begin() as connection:
            create_on(connection, table)
            token_tables.fill(connection, table)
        return
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            create_on(connection, table)
            connection.commit()
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        create_on(connection, table, concurrently=True)


def create_on(connection: sa.Connection, table: sa.Table, *, concurrently: bool = False) -> None:
    """Make the index on a connection; `concurrently` where it is in no transaction and the table is in use.

    On MySQL and MariaDB it is to be filled then.
    """
    if connection.dialect.name in MYSQL:
        token_tables.create(connection, table)
        _drop_full_text(connection, table.name)
        return
    dialect, quote = connection.dialect.name, connection.dialect.identifier_preparer.quote
    name, key = quote(table.name), quote(next(iter(table.primary_key.columns)).name)
    if dialect == "sqlite":
        statements = [*dropping(dialect, table.name), *_sqlite(table.name, key)]
    else:
        vector = f"array_to_tsvector(string_to_array(btrim({COLUMN}), ' '))"
        index = f"{'CONCURRENTLY ' if concurrently else ''}{quote(index_name(table.name))}"
        statements = [*dropping(dialect, table.name), f"CREATE INDEX {index} ON {name} USING gin ({vector})"]
    for statement in statements:
        connection.execute(sa.text(statement))


def drop(op: Any, table: str) -> None:
    """In a migration, before the column goes: take away the index and what was noted about it."""
    for statement in dropping(op.get_context().dialect.name, table):
        op.execute(statement)
    op.execute(sa.delete(SearchIndex).where(_noted(table)))


def _drop_full_text(connection: sa.Connection, table: str) -> None:
    """Take away the FULLTEXT index that earlier versions made."""
    if any(index["name"] == index_name(table) for index in sa.inspect(connection).get_indexes(table)):
        quote = connection.dialect.identifier_preparer.quote_identifier
        drop = f"ALTER TABLE {quote(table)} DROP INDEX {quote(index_name(table))}"
        token_tables.execute_patiently(connection, table, drop)


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


def dropping(dialect: str, table: str) -> list[str]:
    """The statements that take a table's index away."""
    if dialect == "sqlite":
        triggers = [f'DROP TRIGGER IF EXISTS "{PREFIX}{table}{suffix}"' for suffix in TRIGGERS]
        return [*triggers, f'DROP TABLE IF EXISTS "{PREFIX}{table}"']
    return [f'DROP INDEX IF EXISTS "{index_name(table)}"'] if dialect == "postgresql" else token_tables.dropping(table)


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
        for statement in dropping(connection.dialect.name, gone):
            connection.execute(sa.text(statement))
        connection.execute(sa.delete(SearchIndex).where(_noted(gone)))
    for model in searchable_models():
        table: sa.Table = model.__table__
        if table.name not in tables or COLUMN not in {column["name"] for column in inspector.get_columns(table.name)}:
            continue
        key = next(iter(table.primary_key.columns))
        try:
            if table.name in noted and _is_token_table(connection, table):
                token_tables.refit(connection, table)
            elif table.name not in noted and connection.execute(sa.select(key).limit(1)).first() is None:
                finish(connection, model)
        except ConfigurationError as problem:
            # The schema is right without it: searches read the plain text until it is there.
            log.warning("%s is not indexed for search. %s", table.name, problem)


def _noted(table: str) -> sa.ColumnElement[bool]:
    return SearchIndex.table_name == table


def finish(connection: sa.Connection, model: type[Any]) -> None:
    """Make the index if there is none, and note that it is complete."""
    table: sa.Table = model.__table__
    if serves(connection.dialect.name, table) and not exists(connection, table.name):
        create_on(connection, table)
        if _is_token_table(connection, table):
            token_tables.fill(connection, table)
    note(connection, model, position=None, finished=True)


def note(connection: sa.Connection, model: type[Any], *, position: str | None, finished: bool) -> None:
    """Keep how far a table's index is."""
    table, index = str(model.__tablename__), SearchIndex.__table__
    values = {"recipe": model.search_recipe(), "position": position, "finished_at": utcnow() if finished else None}
    changed = connection.execute(sa.update(index).where(index.c.table_name == table).values(values))  # type: ignore[arg-type]  # a Table
    if not changed.rowcount:
        connection.execute(sa.insert(index).values(table_name=table, **values))  # type: ignore[arg-type]  # as above
