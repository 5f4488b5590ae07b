"""What a database says when it cannot serve, put in a sentence that names the fix and holds no secret."""

from __future__ import annotations

import sqlalchemy as sa

from backoffice.database.faults import Fault
from backoffice.database.servers import servers_of
from backoffice.i18n import gettext as _


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
    return f"{url.get_backend_name()}://{','.join(map(str, servers_of(url)))}/{url.database}"
