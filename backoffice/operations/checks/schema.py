"""Checks of the schema: its revision, what differs from the models, and the search index beside it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from backoffice.database import reindexing, search_index
from backoffice.operations import schema_journal
from backoffice.operations.checks import drift as differences
from backoffice.operations.checks.findings import Finding, Installation, database_check, fail, listed, ok, warn
from backoffice.operations.revisions import line

SECTION = "Schema"


@database_check(SECTION)
def revision(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """The database is at the revision that this version wants."""
    known, at = line(), schema_journal.version(connection)
    if at == known.head:
        yield ok(f"{at}, the newest.")
    elif not at:
        yield fail("The database is empty.", "Make its tables.", "flask db upgrade")
    elif at not in known.revisions:
        yield fail(f"It is at {at}, which this version does not know (its newest is {known.head}).",
                   "Serve with the version that upgraded it, or restore a backup.")  # fmt: skip
    else:
        yield fail(f"It is at {at}, {len(known.after(at))} behind {known.head}.", "Upgrade it.", "flask db upgrade")


@database_check(SECTION)
def drift(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Tables, columns and indexes are those of the models: nobody has changed them by hand."""
    if schema_journal.version(connection) != line().head:
        yield ok("Compared once the revision is the newest.")
        return
    found = list(differences.findings(connection, is_complete=True))
    yield from found or [ok("As the models say.")]


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
