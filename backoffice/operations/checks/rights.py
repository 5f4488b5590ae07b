"""Checks of what the database's account may: read and write every table, and whether it could upgrade."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from backoffice.database.limits import MYSQL
from backoffice.models import Model
from backoffice.operations import backups
from backoffice.operations.checks.findings import Finding, Installation, database_check, fail, listed, ok, warn

SECTION = "Database"
SERVES = ("SELECT", "INSERT", "UPDATE", "DELETE")
UPGRADES = ("CREATE", "ALTER", "INDEX", "REFERENCES", "DROP", "TRIGGER")
# The history is added to and never changed, so an account may be kept from it.
ADDED_TO = {"audit_entry", "audit_batch"}
HOW = "Grant it, as docs/operations.md has it (The database's account)."
GRANT = re.compile(
    r"GRANT (?P<rights>.+?) ON (?:TABLE )?(?P<database>\*|`(?:[^`]|``)*`)\.(?P<table>\*|`(?:[^`]|``)*`) TO "
)
Grants = list[tuple[frozenset[str], str, str]]


@database_check(SECTION)
def rights(installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """This account may do what serving takes, and no more than it needs."""
    if connection.dialect.name == "sqlite":
        yield from of_file(backups.database_file(installation.engine.url))
        return
    # Not those that are seen: MariaDB and MySQL hide a table on which there is no right.
    tables = sorted(Model.metadata.tables)
    of_server = _mysql if connection.dialect.name in MYSQL else _postgresql
    lacking, may_upgrade, is_master = of_server(installation, connection, tables)
    for right, names in lacking.items():
        yield fail(f"The account lacks {right} on {listed(names)}.", HOW)
    if is_master and installation.settings.environment == "production":
        yield warn("The account may do everything on this server.", "Serve with one that may not: docs/operations.md.")
    elif may_upgrade and not is_master and _is_kept_from_triggers(connection):
        yield warn("The server's binary log keeps this account from making triggers, which index what is searched.",
                   "Have an administrator allow it.", "SET GLOBAL log_bin_trust_function_creators = 1")  # fmt: skip
    elif not lacking:
        yield ok(f"It may serve{' and upgrade' if may_upgrade else '; another account upgrades'}.")


def of_file(database: Path | None) -> Iterator[Finding]:
    """Whether a database that is a file can be written."""
    if database is None or (os.access(database, os.W_OK) and os.access(database.parent, os.W_OK)):
        yield ok("The file and its folder can be written.")
    else:
        yield fail(f"{database} or its folder cannot be written by this account.", "Give them to it.",
                   f"chown -R ACCOUNT {database.parent}")  # fmt: skip


def _is_kept_from_triggers(connection: sa.Connection) -> bool:
    asked = sa.text("SELECT @@log_bin AND NOT @@log_bin_trust_function_creators")
    return connection.dialect.name in MYSQL and bool(connection.scalar(asked))


Rights = tuple[dict[str, list[str]], bool, bool]


def _lacking(installation: Installation, missing: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """The tables by the right that is missing, but for those that serving can do without."""
    found: dict[str, list[str]] = {}
    for right, table in missing:
        pruned = right == "DELETE" and installation.settings.history_days
        if right == "USAGE" or table not in ADDED_TO or right in ("SELECT", "INSERT") or pruned:
            found.setdefault(right, []).append(table)
    return found


def _mysql(installation: Installation, connection: sa.Connection, tables: list[str]) -> Rights:
    found, database = grants(shown(connection)), str(installation.engine.url.database)
    of_table = {table: held(found, database, table) for table in tables}
    missing = ((right, table) for right in SERVES for table in tables if right not in of_table[table])
    overall = held(found, database, "")
    everywhere = any({"ALL", "SUPER", "CREATE USER"} & rights for rights, where, _table in found if where == "*")
    return _lacking(installation, missing), set(UPGRADES) <= overall, everywhere


def shown(connection: sa.Connection) -> list[str]:
    """What SHOW GRANTS tells; on MySQL with what the active roles bring. It may hold hashes: it is never shown."""
    roles = connection.scalar(sa.text("SELECT CURRENT_ROLE()")) or "NONE"
    using = "" if getattr(connection.dialect, "is_mariadb", False) or roles == "NONE" else f" USING {roles}"
    return list(connection.scalars(sa.text(f"SHOW GRANTS FOR CURRENT_USER(){using}" if using else "SHOW GRANTS")))


def is_of_role(line: str) -> bool:
    """Whether it grants a role, and does not say what that brings."""
    return line.startswith("GRANT ") and " ON " not in line


def grants(lines: list[str]) -> Grants:
    """The rights in these lines, each with the databases and the table that it is on."""
    return [
        (_rights(found["rights"]), _unquoted(found["database"]), _unquoted(found["table"]))
        for line in lines
        if (found := GRANT.match(line))
    ]


def _rights(text: str) -> frozenset[str]:
    # A right on some columns is not one on the table: of it stays UPDATE ().
    names = frozenset(name.strip() for name in re.sub(r"\([^)]*\)", "()", text).split(","))
    return names | {"ALL", *SERVES, *UPGRADES} if "ALL PRIVILEGES" in names else names


def _unquoted(name: str) -> str:
    return name if name == "*" else name[1:-1].replace("``", "`")


def held(grants: Grants, database: str, table: str) -> set[str]:
    """The rights on one table, or on the whole database where none is named."""
    return {
        right
        for rights, where, what in grants
        if (where == "*" or is_like(database, where)) and what.casefold() in ("*", table.casefold())
        for right in rights
    }  # fmt: skip


def is_like(database: str, pattern: str) -> bool:
    r"""Whether a database is meant by a grant, in which _ and % stand for any characters unless after a \.

    Without regard to case, as servers on some systems have it.
    """
    wild = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.S)
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, database, re.S | re.I) is not None


def _postgresql(installation: Installation, connection: sa.Connection, tables: list[str]) -> Rights:
    may = sa.text(
        "SELECT c.relkind, c.relname, pg_has_role(c.relowner, 'USAGE') AS owned,"
        " has_table_privilege(c.oid, 'SELECT') AS \"SELECT\", has_table_privilege(c.oid, 'INSERT') AS \"INSERT\","
        " has_table_privilege(c.oid, 'UPDATE') AS \"UPDATE\", has_table_privilege(c.oid, 'DELETE') AS \"DELETE\""
        " FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')"
    )
    rows = [row for row in connection.execute(may).mappings() if row["relname"] in tables]
    missing = [(right, row["relname"]) for right in SERVES for row in rows if not row[right]]
    # In a CASE, since PostgreSQL asks in an order of its own, and of a table it is an error.
    sequences = connection.scalars(
        sa.text(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"
            " AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') ELSE false END"
        )
    )
    missing += [("USAGE", name) for name in sequences]
    creates, is_master = connection.execute(sa.text(
        "SELECT has_schema_privilege(current_schema(), 'CREATE'), rolsuper FROM pg_roles WHERE rolname = current_user"
    )).one()  # fmt: skip
    return _lacking(installation, iter(missing)), creates and all(row["owned"] for row in rows), is_master
