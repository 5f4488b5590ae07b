"""What tables are made of, as their database tells it: to know after a kill whether a statement was carried out."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.sql.ddl import CreateIndex, CreateTable, DropTable

from backoffice.database.limits import MYSQL

# Moves with every row that is inserted.
COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
ABSENT = "(absent)"


def tables_of(construct: Any) -> list[str]:
    """The tables that a statement changes; none where only its text would tell."""
    element = getattr(construct, "element", None)
    of_element = getattr(element, "table", None)
    names = [
        getattr(construct, "table_name", None),
        getattr(construct, "new_table_name", None),
        getattr(of_element if of_element is not None else element, "name", None),
    ]
    return [str(name) for name in dict.fromkeys(names) if name]


def connection_of(context: MigrationContext) -> sa.Connection:
    """The connection that revisions run on; there is none where their SQL is only written out."""
    if context.connection is None:
        raise TypeError("the revision runs on no connection")
    return context.connection


def definition(connection: sa.Connection, tables: list[str]) -> str:
    """What these tables are made of, or all of them where none is named."""
    present = sa.inspect(connection).get_table_names()
    told = sorted(tables or present)
    describe = _of_mysql if connection.dialect.name in MYSQL else _of_postgresql
    parts = [f"{name}: {describe(connection, name) if name in present else ABSENT}" for name in told]
    if not tables and connection.dialect.name in MYSQL:
        parts += sorted(str(tuple(row)[:4]) for row in connection.execute(sa.text("SHOW TRIGGERS")))
    return "\n".join(parts)


def _of_mysql(connection: sa.Connection, table: str) -> str:
    quoted = connection.dialect.identifier_preparer.quote_identifier(table)
    row = connection.execute(sa.text(f"SHOW CREATE TABLE {quoted}")).one()
    return COUNTER.sub("", str(row[1]))


def _of_postgresql(connection: sa.Connection, table: str) -> str:
    return "\n".join(str(tuple(row)) for row in connection.execute(sa.text(_POSTGRESQL), {"table": table}))


# Columns, indexes and constraints of one table of the schema in use.
_POSTGRESQL = """
WITH t AS (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND c.relname = :table)
SELECT 'column' AS kind, attname::text AS name, format_type(atttypid, atttypmod) || ' ' || attnotnull
       || ' ' || COALESCE(pg_get_expr(adbin, adrelid), '') AS what
FROM pg_attribute JOIN t ON attrelid = t.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid) || ' ' || indisvalid
FROM pg_index JOIN t ON indrelid = t.oid
UNION ALL
SELECT 'constraint', conname::text, pg_get_constraintdef(pg_constraint.oid) || ' ' || convalidated
FROM pg_constraint JOIN t ON conrelid = t.oid
ORDER BY 1, 2
"""


def invalid_indexes(connection: sa.Connection) -> list[str]:
    """Indexes of PostgreSQL that a broken CREATE INDEX CONCURRENTLY left behind, which no query uses."""
    if connection.dialect.name != "postgresql":
        return []
    found = sa.text(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indrelid"
        " WHERE NOT indisvalid AND c.relnamespace = current_schema()::regnamespace"
    )
    return list(connection.scalars(found))


def difference(context: MigrationContext, construct: Any) -> str:
    """How what stands in the database differs from what the statement makes; "" where it is the same.

    Looks at what a statement makes or takes away. What is changed in place is told by its table being another than
    before.
    """
    inspector = sa.inspect(connection_of(context))
    if isinstance(construct, CreateTable):
        return _of_columns(context, construct.element.name, list(construct.element.columns), whole=True)
    if isinstance(construct, DropTable):
        name = construct.element.name
        return f"table {name} is still there" if inspector.has_table(name) else ""
    if isinstance(construct, CreateIndex):
        return _of_index(inspector, construct.element)
    column = getattr(construct, "column", None)
    if column is None or type(construct).__name__ not in ("AddColumn", "DropColumn"):
        return ""
    if type(construct).__name__ == "AddColumn":
        return _of_columns(context, construct.table_name, [column], whole=False)
    there = {found["name"] for found in inspector.get_columns(construct.table_name)}
    return f"column {column.name} is still there" if column.name in there else ""


def _of_columns(context: MigrationContext, table: str, columns: list[sa.Column[Any]], *, whole: bool) -> str:
    there = {found["name"]: found for found in sa.inspect(connection_of(context)).get_columns(table)}
    if whole and set(there) != {column.name for column in columns}:
        return f"table {table} has other columns"
    for column in columns:
        found = there.get(column.name)
        if found is None:
            return f"column {column.name} of {table} is not there"
        is_nullable = bool(column.nullable) and not column.primary_key
        if bool(found["nullable"]) != is_nullable:
            return f"column {column.name} of {table} is {'' if found['nullable'] else 'not '}nullable"
        bare: sa.Column[Any] = sa.Column(column.name, found["type"])
        if context.impl.compare_type(bare, column):
            return f"column {column.name} of {table} has the type {found['type']}"
    return ""


def _of_index(inspector: sa.Inspector, index: sa.Index) -> str:
    [table] = tables_of(CreateIndex(index))
    columns = [column.name for column in index.columns]
    for found in inspector.get_indexes(table):
        if found["name"] == index.name:
            same = found["column_names"] == columns and bool(found["unique"]) == bool(index.unique)
            return "" if same or (index.expressions and not columns) else f"index {index.name} is another one"
    return f"index {index.name} is not there"
