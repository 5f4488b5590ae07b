"""One transaction: all of it is committed or nothing, and a stale record is told as such."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from backoffice.database.attributes import version_attribute
from backoffice.errors import Conflict

# In a session's `info` while a unit of work runs in it.
IN_UNIT = "backoffice.unit"


class StaleRecord(Conflict):
    """Somebody else changed or deleted the record between reading and saving it."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("Somebody else changed or deleted this record in the meantime."))


def version_of(record: Any) -> Any:
    """The version of a record that is in the database, read anew after a rollback; StaleRecord where it is gone."""
    name = version_attribute(type(record))
    if name is None or not sa.inspect(record).persistent:
        return None
    try:
        return getattr(record, name)
    except ObjectDeletedError:
        raise StaleRecord from None


@contextmanager
def committing(session: Session) -> Iterator[None]:
    """Commit what the block does to the session; roll back and raise what goes wrong, a stale record as StaleRecord.

    Inside a unit of work (records.units) that is left to the unit.
    """
    if session.info.get(IN_UNIT):
        yield
        session.flush()
        return
    try:
        yield
        session.commit()
    except StaleDataError:
        session.rollback()
        raise StaleRecord from None
    except BaseException:
        session.rollback()
        raise
