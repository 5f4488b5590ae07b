"""Where pages read what is large: from the replica, where there is one and it holds all that was committed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from flask import current_app, g
from sqlalchemy.orm import Session

from backoffice.database.replica import Replica


def reading(session: Session) -> AbstractContextManager[None]:
    """Meanwhile the session reads there. The replica is asked once for a request how far it is."""
    replica: Replica | None = current_app.extensions.get("backoffice.replica")
    if replica is None:
        return nullcontext()
    if "reads_replica" not in g:
        g.reads_replica = replica.has_caught_up()
    return replica.reading(session) if g.reads_replica else nullcontext()
