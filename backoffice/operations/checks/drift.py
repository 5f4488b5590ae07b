"""What of the schema is otherwise than the models say: decided here for `flask ops check` and after every upgrade.

Tables and columns are what a page trips over: they are read at once for all tables, by the account that serves too.
Indexes and constraints, and what no model maps, are Alembic's to compare, which takes longer.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from backoffice.database.search_index import is_ours
from backoffice.models import Model
from backoffice.operations import schema_journal
from backoffice.operations.checks.findings import Finding, fail, listed, warn

# What compare_metadata calls a difference, as a sentence says it.
DIFFERENCES = {
    "remove_table": "the table {} is not ours",
    "add_index": "the index {} is missing",
    "remove_index": "the index {} is not ours",
    "add_constraint": "the constraint {} is missing",
    "remove_constraint": "the constraint {} is not ours",
    "add_fk": "the foreign key {} is missing",
    "remove_fk": "the foreign key {} is not ours",
}
# What it finds as well, and is decided without it.
DECIDED = {"add_table", "add_column", "remove_column", "modify_type", "modify_nullable"}
# What a REINDEX that was interrupted leaves beside the index itself.
LEFT_OVER = re.compile(r"_cc(new|old)\d*$")


@dataclass(frozen=True)
class Difference:
    """One of them; `is_missing` where a page that asks for it fails."""

    told: str
    is_missing: bool = False


def findings(connection: sa.Connection, *, is_complete: bool) -> Iterator[Finding]:
    """What differs, with its fix. Where not complete, only what may disturb this version."""
    found = list(_of_tables(connection, is_complete=is_complete))
    if is_complete:
        found += _of_the_rest(connection)
    missing = [each.told for each in found if each.is_missing]
    others = [each.told for each in found if not each.is_missing]
    if missing:
        yield fail(f"This version needs what is not there: {listed(missing)}.",
                   "Put back what was dropped by hand, or write the revision that a changed model needs (flask db "
                   "migrate), and upgrade. See all of it:", "flask db check")  # fmt: skip
    if others:
        yield warn(f"Differs from the models: {listed(others)}.", "Undo what was changed by hand. See all of it:",
                   "flask db check")  # fmt: skip
    if connection.dialect.name == "postgresql":
        yield from _invalid_indexes(connection)


def _of_tables(connection: sa.Connection, *, is_complete: bool) -> Iterator[Difference]:
    inspector = sa.inspect(connection)
    compare = _Columns(connection, is_complete=is_complete)
    for schema, tables in _mapped().items():
        with warnings.catch_warnings():
            # It tells of each column of a kind that it does not know.
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            there = inspector.get_multi_columns(schema=schema, filter_names=[table.name for table in tables])
        for table in tables:
            columns = there.get((schema, table.name))
            if columns is not None:
                yield from compare.all_of(table, columns)
            elif inspector.has_table(table.name, schema):
                # A view, or a name that the server writes otherwise: it tells less of its columns.
                yield from compare.missing(table, inspector.get_columns(table.name, schema))
            else:
                yield Difference(f"the table {table.fullname} is missing", is_missing=True)


def _mapped() -> dict[str | None, list[sa.Table]]:
    """The tables of the models by their schema, without those that are left out of every comparison."""
    found: defaultdict[str | None, list[sa.Table]] = defaultdict(list)
    for table in Model.metadata.sorted_tables:
        if schema_journal.include_name(table.name, "table", {"schema_name": table.schema}):
            found[table.schema].append(table)
    return found


class _Columns:
    """Compares the columns of tables with those of the models; kinds as Alembic does on this database."""

    def __init__(self, connection: sa.Connection, *, is_complete: bool) -> None:
        self.is_complete = is_complete
        self.is_other_kind = MigrationContext.configure(connection).impl.compare_type
        # Only PostgreSQL tells "Name" and "name" apart.
        self.key: Callable[[str], str] = str if connection.dialect.name == "postgresql" else str.casefold

    def missing(self, table: sa.Table, columns: Any) -> Iterator[Difference]:
        there = {self.key(column["name"]) for column in columns}
        for column in self._ours(table):
            if self.key(column.name) not in there:
                yield Difference(f"the column {table.fullname}.{column.name} is missing", is_missing=True)

    def all_of(self, table: sa.Table, columns: Any) -> Iterator[Difference]:
        yield from self.missing(table, columns)
        there = {self.key(column["name"]): column for column in columns}
        for column in self._ours(table):
            if (found := there.get(self.key(column.name))) is not None:
                yield from self._of_one(f"{table.fullname}.{column.name}", column, found)
        ours = {self.key(column.name) for column in table.columns}
        for name, found in there.items():
            if name not in ours:
                yield from self._stray(f"{table.fullname}.{found['name']}", found)

    @staticmethod
    def _ours(table: sa.Table) -> list[sa.Column[Any]]:
        parents = {"table_name": table.name, "schema_name": table.schema}
        return [
            column for column in table.columns
            if not column.system and schema_journal.include_name(column.name, "column", parents)
        ]  # fmt: skip

    def _of_one(self, name: str, column: sa.Column[Any], found: Any) -> Iterator[Difference]:
        known = not {column.type._type_affinity, found["type"]._type_affinity} & {sa.types.NullType}
        if known and self.is_other_kind(sa.Column(found["name"], found["type"]), column):
            yield Difference(f"the type of {name} differs")
        # Of these the database decides it.
        decided = column.primary_key or column.computed is not None or column.identity is not None
        if not decided and found["nullable"] != column.nullable:
            yield Difference(f"whether {name} may be empty differs")

    def _stray(self, name: str, found: Any) -> Iterator[Difference]:
        """A column that no model maps disturbs nobody, as between two releases, unless each row has to have a value."""
        comes_by_itself = found["default"] is not None or any(
            found.get(key) for key in ("computed", "identity")
        )  # fmt: skip
        if not found["nullable"] and not comes_by_itself and found.get("autoincrement") is not True:
            yield Difference(f"the column {name} is not ours, and has to be filled")
        elif self.is_complete:
            yield Difference(f"the column {name} is not ours")


def _of_the_rest(connection: sa.Connection) -> Iterator[Difference]:
    # Defaults are left alone: MariaDB tells them otherwise than they were given.
    context = MigrationContext.configure(
        connection, opts={"compare_server_default": False, "include_name": schema_journal.include_name}
    )
    for change in compare_metadata(context, Model.metadata):
        # Changes of a column's properties stand in lists of their own.
        for kind, *what in change if isinstance(change, list) else [change]:
            if kind not in DECIDED:
                yield Difference(_sentence(kind, *what))


def _sentence(kind: str, *what: Any) -> str:
    if kind.startswith("modify_"):
        _schema, table, column, *_values = what
        return f"{table}.{column} differs"
    return DIFFERENCES.get(kind, "{} differs").format(what[-1].name)


def _invalid_indexes(connection: sa.Connection) -> Iterator[Finding]:
    """What an interrupted CREATE INDEX CONCURRENTLY leaves: it costs writes, and serves nobody."""
    preparer = connection.dialect.identifier_preparer
    quoted, names = preparer.quote, [preparer.format_table(table) for tables in _mapped().values() for table in tables]
    for name in connection.scalars(sa.text(_INVALID), {"tables": names}):
        # The search index is looked at for itself.
        if is_ours(name, "index"):
            continue
        if LEFT_OVER.search(name):
            yield warn(f"The index {name} is what an interrupted REINDEX left.", "Drop it:",
                       f"DROP INDEX CONCURRENTLY {quoted(name)}")  # fmt: skip
        else:
            yield warn(f"PostgreSQL holds the index {name} for invalid: nothing finds rows by it.",
                       "Make it anew, while people work:", f"REINDEX INDEX CONCURRENTLY {quoted(name)}")  # fmt: skip


# One that is just being made is not valid yet.
_INVALID = """
SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE NOT x.indisvalid
  AND x.indrelid IN (SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name)
  AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = x.indexrelid)
ORDER BY i.relname
"""
