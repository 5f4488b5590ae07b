"""What a database says when it cannot serve, put in a sentence that names the fix and holds no secret."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa

from backoffice.i18n import gettext as _


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
    Fault.BUSY: (1040, 1205, 1213, 3024, "40P01", "40001", "55P03", "53300", "SQLITE_BUSY", "SQLITE_LOCKED"),
    Fault.UNREACHABLE: (2002, 2003, 2005, 2006, 2013, "57P01", "57P03", "SQLITE_CANTOPEN", "SQLITE_NOTADB"),
}
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
    told = {
        getattr(error.orig, "sqlstate", None),
        getattr(error.orig, "sqlite_errorname", None),
        *error.orig.args,
    }
    for kind, codes in CODES.items():
        if any(isinstance(code, (int, str)) and code in codes for code in told):
            return kind
    return _by_text(error)


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


def sentence(kind: Fault, url: sa.URL) -> str:
    """The fault for an operator, who may read where the database is."""
    where = place(url)
    sentences = {
        Fault.UNREACHABLE: _(
            "The database %(where)s cannot be reached. Check DATABASE_URL, and that it runs.", where=where
        ),
        Fault.REFUSED: _(
            "The database %(where)s refuses the account. Check user and password in DATABASE_URL.", where=where
        ),
        Fault.NO_DATABASE: _(
            "There is no database %(where)s, or not for this account. Create it, or correct DATABASE_URL.",
            where=where,
        ),
        Fault.NO_RIGHT: _(
            "The account of the database %(where)s lacks a right that this needs. Grant it.", where=where
        ),
        Fault.SCHEMA: _("The database %(where)s lacks tables or columns. Run: flask db upgrade", where=where),
        Fault.BUSY: _("The database %(where)s is busy: another process holds it. Try again.", where=where),
    }
    return str(sentences[kind])


def place(url: sa.URL) -> str:
    """Where the database is, without the account."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    bare = sa.URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database)
    return bare.render_as_string()
