"""Checks of the schema: its revision, what differs from the models, and the search index beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from backoffice.database import reindexing, search_index
from backoffice.models import Model
from backoffice.operations import schema_journal
from backoffice.operations.checks.findings import Finding, Installation, database_check, fail, listed, ok, warn
from backoffice.operations.migrate import MIGRATIONS

SECTION = "Schema"
# What compare_metadata calls a difference, as a sentence says it.
DIFFERENCES = {
    "add_table": "the table {} is missing",
    "remove_table": "the table {} is not ours",
    "add_column": "the column {} is missing",
    "remove_column": "the column {} is not ours",
    "add_index": "the index {} is missing",
    "remove_index": "the index {} is not ours",
    "add_constraint": "the constraint {} is missing",
    "remove_constraint": "the constraint {} is not ours",
    "add_fk": "the foreign key {} is missing",
    "remove_fk": "the foreign key {} is not ours",
    "modify_type": "the type of {} differs",
    "modify_nullable": "whether {} may be empty differs",
}


@database_check(SECTION)
def revision(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """The database is at the revision that this version wants."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    newest, known = scripts.get_current_head(), [script.revision for script in scripts.walk_revisions()]
    heads = MigrationContext.configure(connection).get_current_heads()
    if heads == (newest,):
        yield ok(f"{newest}, the newest.")
    elif not heads:
        yield fail("The database is empty.", "Make its tables.", "flask db upgrade")
    elif len(heads) > 1 or heads[0] not in known:
        yield fail(f"It is at {', '.join(heads)}, which this version does not know (its newest is {newest}).",
                   "Serve with the version that upgraded it, or restore a backup.")  # fmt: skip
    else:
        yield fail(f"It is at {heads[0]}, {known.index(heads[0])} behind {newest}.", "Upgrade it.", "flask db upgrade")


@database_check(SECTION)
def drift(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Tables, columns and indexes are those of the models: nobody has changed them by hand."""
    # Defaults are left alone: MariaDB tells them otherwise than they were given. The search index is no migration's.
    context = MigrationContext.configure(
        connection,
        opts={"compare_type": True, "compare_server_default": False, "include_name": schema_journal.include_name},
    )
    if context.get_current_heads() != (ScriptDirectory(str(MIGRATIONS)).get_current_head(),):
        yield ok("Compared once the revision is the newest.")
        return
    found = [_sentence(*change) for change in _flat(compare_metadata(context, Model.metadata))]
    if found:
        yield warn(f"Differs from the models: {listed(found)}.", "Undo what was changed by hand. See all of it:",
                   "flask db check")  # fmt: skip
    else:
        yield ok("As the models say.")


def _flat(changes: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Changes of a column's properties stand in lists of their own."""
    for change in changes:
        if isinstance(change, list):
            yield from change
        else:
            yield change


def _sentence(kind: str, *what: Any) -> str:
    if kind.startswith("modify_"):
        _schema, table, column, *_values = what
        return DIFFERENCES.get(kind, "{} differs").format(f"{table}.{column}")
    thing = what[-1]
    table = thing.table.name if isinstance(thing, sa.Column) else what[1] if kind.endswith("_column") else ""
    return DIFFERENCES.get(kind, "{} differs").format(f"{table}.{thing.name}" if table else str(thing.name))


@database_check(SECTION)
def search(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Every table that can be searched has its index, made to its end."""
    models, dialect = search_index.searchable_models(), connection.dialect.name
    due = [str(m.__tablename__) for m in models if reindexing.is_due(connection, m)]
    lost = [
        name for m in models
        if (name := str(m.__tablename__)) not in due
        and search_index.serves(dialect, m.__table__) and not search_index.exists(connection, name)
    ]  # fmt: skip
    if due:
        yield warn(f"{listed(due)} wait for their index: searches there are slow.", "Make it, while people work.",
                   "flask search reindex --due")  # fmt: skip
    if lost:
        yield fail(f"The index of {listed(lost)} is gone, or its triggers are.", "Make it anew.",
                   f"flask search reindex --restart {' '.join(lost)}")  # fmt: skip
    if not due and not lost:
        yield ok(f"{listed([str(m.__tablename__) for m in models])} are indexed.")
