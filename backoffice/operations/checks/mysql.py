"""Checks of MariaDB and MySQL: character sets, engines, packets."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from backoffice.database.search_index import is_ours
from backoffice.models import Model
from backoffice.models.searchable import COLUMN
from backoffice.operations.checks.findings import Finding, Installation, database_check, fail, listed, ok, warn

SECTION = "Database"
CHARSET, COLLATION = "utf8mb4", "utf8mb4_unicode_520_ci"
CONVERT = "ALTER TABLE {} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"


@database_check(SECTION, "mysql", "mariadb")
def charset(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Every text takes every character, and compares as the others do."""
    own = connection.execute(sa.text(
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = DATABASE()"
    )).one()  # fmt: skip
    if own[0] != CHARSET:
        yield warn(
            f"The database's own character set is {own[0]}: new tables might take it.",
            "Change it; tables that are there stay as they are.",
            f"ALTER DATABASE CHARACTER SET {CHARSET} COLLATE {COLLATION}",
        )
    odd = _odd_columns(connection)
    narrow = sorted({table for table, charset, _collation in odd if charset != CHARSET})
    other = sorted({table for table, charset, _collation in odd if charset == CHARSET})
    if narrow:
        yield fail(f"Texts of {listed(narrow)} are not {CHARSET}: emoji and rare characters are refused.",
                   "Convert each, while nobody writes to it:", CONVERT.format(narrow[0]))  # fmt: skip
    if other:
        yield warn(f"Texts of {listed(other)} compare otherwise than {COLLATION}: values may clash or join slowly.",
                   "Convert each, while nobody writes to it:", CONVERT.format(other[0]))  # fmt: skip
    if not odd and own[0] == CHARSET:
        yield ok(f"{CHARSET}, in every table compared by {COLLATION}.")


def _odd_columns(connection: sa.Connection) -> list[tuple[str, str, str]]:
    """The texts of our tables that are of another character set or collation; search tokens have their own."""
    found = connection.execute(sa.text(
        "SELECT table_name, column_name, character_set_name, collation_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL AND data_type <> 'json'"
        " AND (character_set_name <> :charset OR collation_name <> :collation)"
    ), {"charset": CHARSET, "collation": COLLATION}).all()  # fmt: skip
    return [
        (table, charset, collation)
        for table, column, charset, collation in found
        if table in Model.metadata.tables and column != COLUMN and collation != f"{CHARSET}_bin"
    ]


@database_check(SECTION, "mysql", "mariadb")
def engine(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Every table can roll back."""
    found = connection.execute(sa.text(
        "SELECT table_name, engine FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND engine <> 'InnoDB'"
    )).all()  # fmt: skip
    odd = sorted(table for table, _engine in found if table in Model.metadata.tables or is_ours(table, "table"))
    if odd:
        yield fail(f"{listed(odd)} cannot roll back what fails half-way.", "Convert each:",
                   f"ALTER TABLE {odd[0]} ENGINE = InnoDB")  # fmt: skip
    else:
        yield ok("InnoDB throughout.")


@database_check(SECTION, "mysql", "mariadb")
def packet(installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """The largest form fits into one statement."""
    most, wanted = int(connection.scalar(sa.text("SELECT @@max_allowed_packet"))), installation.settings.max_upload_mb
    told = f"max_allowed_packet is {most / 1024**2:,.0f} MB, MAX_UPLOAD_MB {wanted}"
    if most < wanted * 1024**2:
        yield warn(f"{told}: the longest texts are refused.", "Raise it on the server, or lower MAX_UPLOAD_MB.",
                   f"SET GLOBAL max_allowed_packet = {2 * wanted * 1024**2}")  # fmt: skip
    else:
        yield ok(f"{told}.")
