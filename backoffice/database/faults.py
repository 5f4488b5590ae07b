"""What a database error means: which of the known reasons why it cannot serve, and whether trying again may help."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm.exc import StaleDataError


class Fault(Enum):
    """Why the database cannot serve."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NO_DATABASE = "no database"
    NO_RIGHT = "no right"
    SCHEMA = "schema"
    BUSY = "busy"


# MySQL and MariaDB tell by number, PostgreSQL by SQLSTATE, SQLite by name.
CODES: dict[Fault, tuple[int | str, ...]] = {
    Fault.REFUSED: (1045, 1698, "28000", "28P01"),
    Fault.NO_DATABASE: (1049, 1044, "3D000"),
    Fault.NO_RIGHT: (1142, 1143, 1227, 1290, "42501", "25006", "SQLITE_READONLY"),
    Fault.SCHEMA: (1146, 1054, "42P01", "42703"),
    # 1684: MariaDB does not look at a table that is just being altered.
    Fault.BUSY: (1040, 1205, 1213, 1684, 3024, "40P01", "40001", "55P03", "53300", "SQLITE_BUSY", "SQLITE_LOCKED"),
    # 1047: a node without its cluster; 1180: a node lost it at this COMMIT.
    Fault.UNREACHABLE: (1047, 1180, 2002, 2003, 2005, 2006, 2013, "57P01", "57P03", "SQLITE_CANTOPEN", "SQLITE_NOTADB"),
}
# A server that has just become a replica takes no writes: the next connection may lead to another one.
REPLICA = (1290, "25006")
# psycopg raises without a SQLSTATE when no server was spoken to; what the server refused stands in the text.
PHRASES = {
    "no such table": Fault.SCHEMA,
    "no such column": Fault.SCHEMA,
    "password authentication failed": Fault.REFUSED,
    "no password supplied": Fault.REFUSED,
    "no pg_hba.conf entry": Fault.REFUSED,
    "too many clients": Fault.BUSY,
}


def fault(error: sa.exc.SQLAlchemyError) -> Fault | None:
    """Which of them it is; None for an error of another kind, which is ours."""
    if isinstance(error, sa.exc.TimeoutError):
        return Fault.BUSY
    if not isinstance(error, sa.exc.DBAPIError) or error.orig is None:
        return None
    found = told(error)
    for kind, codes in CODES.items():
        if not found.isdisjoint(codes):
            return kind
    return _by_text(error)


def code(error: BaseException) -> str:
    """The number or name that a driver's error carries, which unlike its text holds no value."""
    original = getattr(error, "orig", None) or error
    named = getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None)
    return str(named or next((part for part in original.args if isinstance(part, int)), "no code"))


def told(error: sa.exc.DBAPIError) -> set[int | str]:
    """The numbers and names that a driver's error carries."""
    original: object = error.orig
    named = [getattr(original, "sqlstate", None), getattr(original, "sqlite_errorname", None)]
    return {part for part in (*named, *getattr(original, "args", ())) if isinstance(part, (int, str))}


def _by_text(error: sa.exc.DBAPIError) -> Fault | None:
    text = str(error.orig)
    for phrase, kind in PHRASES.items():
        if phrase in text:
            return kind
    if "does not exist" in text and 'role "' in text:
        return Fault.REFUSED
    if "does not exist" in text and 'database "' in text:
        return Fault.NO_DATABASE
    # Without a statement the connection itself has failed.
    return Fault.UNREACHABLE if error.connection_invalidated or error.statement is None else None


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed when all of it is done again.

    A deadlock, a lock that took too long, a connection that broke, a server that just restarts or became a replica,
    and a record that somebody else was changing at the same moment: whoever tries again looks at it anew.
    """
    if isinstance(error, StaleDataError):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    return is_lost(error) or fault(error) is Fault.BUSY or bool(told(error).intersection(REPLICA))


def is_lost(error: BaseException) -> bool:
    """Whether the connection broke, so that nobody knows what became of a COMMIT on its way."""
    if not isinstance(error, sa.exc.DBAPIError) or "SQLITE_FULL" in told(error):
        # Of a full disk even the COMMIT is refused, as often as it is tried.
        return False
    return error.connection_invalidated or fault(error) is Fault.UNREACHABLE
