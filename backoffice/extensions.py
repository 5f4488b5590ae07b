"""The extensions, unbound; `create_app` binds them. Flask-Migrate stands in operations.migrate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_babel import Babel
from flask_security import Security
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as _Session
from flask_wtf import CSRFProtect

from backoffice.database.faults import is_lost
from backoffice.database.replica import READS_FROM
from backoffice.models import Model


class Session(_Session):
    """A session that can be ended whatever became of its connection: a page that is ready does not fail at its end.

    It may be led to a replica for what it reads (database.replica).
    """

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **options: Any) -> Any:
        """Where a statement goes."""
        usual = super().get_bind(mapper=mapper, clause=clause, bind=bind, **options)
        replica = self.info.get(READS_FROM)
        is_written = self._flushing or isinstance(clause, sa.UpdateBase)
        return usual if replica is None or is_written or usual is not self._db.engine else replica

    def rollback(self) -> None:
        """Roll back; a connection that broke has been, by the server."""
        _end(super().rollback)

    def close(self) -> None:
        """Close, likewise."""
        _end(super().close)


def _end(end: Callable[[], None]) -> None:
    try:
        end()
    except sa.exc.DBAPIError as error:
        if not is_lost(error):
            raise
        # It has let go of the connection by now, and this time tells nobody.
        end()


# After a commit a record keeps what was written: a colleague may delete it before the answer names it.
db = SQLAlchemy(metadata=Model.metadata, session_options={"class_": Session, "expire_on_commit": False})
babel = Babel()
csrf = CSRFProtect()
security = Security()
