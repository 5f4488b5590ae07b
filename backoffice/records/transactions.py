"""One transaction: all of it is committed or nothing, and a stale record is told as such."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from backoffice.errors import Conflict


class StaleRecord(Conflict):
    """Somebody else changed or deleted the record between reading and saving it."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed or deleted this record in the meantime."))


@contextmanager
def committing(session: Session) -> Iterator[None]:
    """Commit what the block does to the session; roll back and raise what goes wrong, a stale record as StaleRecord."""
    try:
        yield
        session.commit()
    except StaleDataError:
        session.rollback()
        raise StaleRecord from None
    except BaseException:
        session.rollback()
        raise
