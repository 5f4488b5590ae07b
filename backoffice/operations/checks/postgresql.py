"""Checks of PostgreSQL: encoding, and collations that the system's upgrade has changed under its indexes."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from backoffice.operations.checks.findings import Finding, Installation, database_check, fail, ok

SECTION = "Database"
# What PostgreSQL 15 began to keep of a database; before, nobody can tell.
KEEPS_VERSIONS = (15,)


@database_check(SECTION, "postgresql")
def encoding(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Every text takes every character."""
    found = connection.scalar(sa.text("SHOW server_encoding"))
    if found == "UTF8":
        yield ok("UTF8.")
    else:
        yield fail(f"The database is encoded in {found}: most languages are refused.",
                   "Dump it, make a new one with ENCODING 'UTF8' TEMPLATE template0, and load it.")  # fmt: skip


@database_check(SECTION, "postgresql")
def collation(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """The order of words is the one its indexes were built by: a new C library may have another."""
    if (connection.dialect.server_version_info or ()) < KEEPS_VERSIONS:
        yield ok("Not kept by this version.")
        return
    name, kept, now = connection.execute(sa.text(
        "SELECT datname, datcollversion, pg_database_collation_actual_version(oid) FROM pg_database"
        " WHERE datname = current_database()"
    )).one()  # fmt: skip
    if kept == now:
        yield ok("Words sort as when the indexes were built.")
    else:
        yield fail(f"The system sorts words by version {now}, the indexes were built by {kept}: rows may be missed.",
                   f"Rebuild them, then ALTER DATABASE {name} REFRESH COLLATION VERSION.",
                   f"REINDEX DATABASE {name}")  # fmt: skip
