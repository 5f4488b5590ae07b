"""What the account may not do of what an upgrade takes, told before the upgrade stops half-way.

The statements say which rights they take, so that an account which holds just these may run them. What cannot be read
for certain is never refused, and triggers of the search index are not asked for: an upgrade goes on without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from backoffice.database.limits import MYSQL
from backoffice.operations import schema_journal
from backoffice.operations.backups import database_file
from backoffice.operations.checks import rights
from backoffice.operations.checks.findings import Status, listed
from backoffice.operations.plan.steps import Planned

# A right and the table, or on PostgreSQL the index, that it is about; "" where it is about none.
Need = tuple[str, str]
NAME = r"[`\"]?([\w$]+)[`\"]?(?![\w.`\"])"
# Statements as they begin. Foreign keys ask for nothing more on MariaDB, and on PostgreSQL by ALTER or CREATE TABLE.
TAKES = [
    ("CREATE", rf"CREATE TABLE (?:IF NOT EXISTS )?{NAME}"),
    ("CREATE", r"CREATE (?:TYPE|SEQUENCE) ()"),
    ("ALTER", rf"ALTER TABLE (?:IF EXISTS |ONLY )*{NAME}"),
    ("DROP", rf"DROP TABLE (?:IF EXISTS )?{NAME}"),
    ("INDEX", rf"CREATE (?:UNIQUE |FULLTEXT )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?\S+ ON (?:ONLY )?{NAME}"),
    ("INDEX", rf"DROP INDEX \S+ ON {NAME}"),
    ("INDEX", rf"DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?{NAME}$"),
    ("TRIGGER", rf"CREATE TRIGGER \S+ .*? ON {NAME}"),
    ("INSERT", rf"INSERT INTO {NAME}"),
    ("UPDATE", rf"UPDATE {NAME}"),
    ("DELETE", rf"DELETE FROM {NAME}"),  # noqa: S608 - read, not run
]
PATTERNS = [(right, re.compile(pattern, re.IGNORECASE)) for right, pattern in TAKES]
REFERENCED = re.compile(rf"\bREFERENCES {NAME}", re.IGNORECASE)
# On PostgreSQL only whoever owns a table does these to it.
OF_OWNER = {"ALTER", "DROP", "INDEX"}


@dataclass(frozen=True)
class Lack:
    """What is missing in a sentence, and what mends it; not certain where the server does not show all of it."""

    told: str
    fix: str
    is_certain: bool = True


def lack(connection: sa.Connection, revisions: list[Planned]) -> Lack | None:
    """What the account lacks for these revisions; None where nothing, or where it may not even look."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        return _of_file(connection)
    # Those from the first that has to wait are left for later.
    now = list(takewhile(lambda revision: not revision.waits, revisions))
    statements = (each for revision in now for step in revision.steps for each in step.statements)
    taken = {need for statement in statements for need in needs_of(statement, dialect)}
    try:
        needs = sorted(taken | set(_of_the_runner(connection)))
        return _on_mysql(connection, needs) if dialect in MYSQL else _on_postgresql(connection, needs)
    except sa.exc.DBAPIError:
        return None
    finally:
        connection.rollback()


def _of_file(connection: sa.Connection) -> Lack | None:
    file = database_file(connection.engine.url)
    if file is None or not file.exists():
        return None
    return next(
        (Lack(each.told, f"{each.fix} {each.command}") for each in rights.of_file(file) if each.status is Status.FAIL),
        None,
    )


# -- what is needed ----------------------------------------------------------------------------------------------------


def needs_of(statement: str, dialect: str) -> Iterator[Need]:
    """What one statement takes; nothing of one that is not known, or names a schema."""
    words = " ".join(statement.split()).rstrip(";")
    for right, pattern in PATTERNS:
        if found := pattern.match(words):
            yield right, found[1]
            break
    if dialect == "postgresql":
        for name in REFERENCED.findall(words):
            yield "REFERENCES", name


def _of_the_runner(connection: sa.Connection) -> Iterator[Need]:
    """What it notes in tables of its own."""
    inspector = sa.inspect(connection)
    for table, taken in (
        (schema_journal.VERSION.name, ("SELECT", "UPDATE")),
        (schema_journal.TABLE, ("SELECT", "INSERT", "UPDATE", "DELETE")),
    ):
        if not inspector.has_table(table):
            yield "CREATE", table
        else:
            yield from ((right, table) for right in taken)


# -- what is held ------------------------------------------------------------------------------------------------------


def _on_mysql(connection: sa.Connection, needs: list[Need]) -> Lack | None:
    lines = rights.shown(connection)
    grants, database = rights.grants(lines), str(connection.scalar(sa.text("SELECT DATABASE()")))
    missing = []
    for right, table in needs:
        held = rights.held(grants, database, table)
        # One on some columns may be all that it takes.
        if not {right, f"{right} ()"} & held:
            missing.append((right, table))
    if not missing:
        return None
    user, _at, host = str(connection.scalar(sa.text("SELECT CURRENT_USER()"))).rpartition("@")
    # Of several patterns that mean one database the server heeds a single one: the same is granted more.
    alike = (
        where for _rights, where, what in grants if where != "*" and what == "*" and rights.is_like(database, where)
    )
    names = ", ".join(dict.fromkeys(right for right, _table in missing))
    account = f"{_quoted(user)}@{_quoted(host)}"
    return Lack(
        _told(missing), _fix([f"GRANT {names} ON {_quoted(next(alike, database))}.* TO {account}"]),
        # Roles that are granted may be active for others only, or not be shown with what they bring.
        is_certain=not any(rights.is_of_role(line) for line in lines),
    )  # fmt: skip


def _on_postgresql(connection: sa.Connection, needs: list[Need]) -> Lack | None:
    schema, creates, user = connection.execute(sa.text(
        "SELECT current_schema(), has_schema_privilege(current_schema(), 'CREATE'), current_user"
    )).one()  # fmt: skip
    if schema is None:
        return None
    rows = connection.execute(sa.text(_HELD), {"names": [name for _right, name in needs]}).mappings()
    there = {row["relname"]: row for row in rows}
    quoted, missing, grants = connection.dialect.identifier_preparer.quote, [], []
    for right, name in needs:
        row: Any = there.get(name)
        makes = right == "CREATE" or (right == "INDEX" and row is not None and row["is_table"])
        if makes and not creates:
            missing.append(("CREATE", f"schema {schema}"))
            grants.append(f"GRANT CREATE ON SCHEMA {quoted(schema)} TO {quoted(user)}")
        if row is None or right == "CREATE":
            # What is made by this upgrade belongs to whoever runs it.
            continue
        if right in OF_OWNER:
            if not row["owned"]:
                missing.append((right, name))
                grants.append(f"GRANT {quoted(row['owner'])} TO {quoted(user)}")
        elif row["is_table"] and not row[right]:
            missing.append((right, name))
            grants.append(f"GRANT {right} ON {quoted(name)} TO {quoted(user)}")
    return Lack(_told(missing), _fix(grants)) if missing else None


# A right on some columns may be all that it takes. Of what is no table nothing but the owner is asked.
_HELD = """
SELECT c.relname, c.relkind IN ('r', 'p') AS is_table, pg_get_userbyid(c.relowner) AS owner,
       pg_has_role(c.relowner, 'USAGE') AS owned,
       has_any_column_privilege(c.oid, 'SELECT') AS "SELECT", has_any_column_privilege(c.oid, 'INSERT') AS "INSERT",
       has_any_column_privilege(c.oid, 'UPDATE') AS "UPDATE", has_table_privilege(c.oid, 'DELETE') AS "DELETE",
       has_any_column_privilege(c.oid, 'REFERENCES') AS "REFERENCES", has_table_privilege(c.oid, 'TRIGGER') AS "TRIGGER"
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(:names)
  AND c.relkind IN ('r', 'p', 'i', 'I')
"""


def _told(missing: Iterable[Need]) -> str:
    by_right: dict[str, list[str]] = {}
    for right, name in missing:
        names = by_right.setdefault(right, [])
        if name not in names:
            names.append(name)
    return (
        f"The account lacks a right: {'; '.join(f'{right} on {listed(names)}' for right, names in by_right.items())}."
    )


def _fix(grants: list[str]) -> str:
    return f"Upgrade with the account that may, or have it granted: {'; '.join(dict.fromkeys(grants))};"


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
