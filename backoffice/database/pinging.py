"""Whether a connection from the pool is still one: asked before it is used, but for what a request asks first.

That is asked once more where it meets a broken connection, as nothing has been done by then. Trying it before took a
thirtieth of a page's time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import scoped_session

Answer = TypeVar("Answer")
_tried_by_use: ContextVar[bool] = ContextVar("tried_by_use", default=False)


def ping_but_for_what_is_asked_first(engine: sa.Engine) -> None:
    """Let `ask_first` have a connection that nobody has tried. SQLAlchemy has no event for it."""
    dialect = engine.dialect

    def try_it(connection: Any) -> bool:
        return _tried_by_use.get() or type(dialect).do_ping(dialect, connection)

    dialect.do_ping = try_it  # type: ignore[assignment]  # as said above


def ask_first(session: scoped_session[Any], ask: Callable[[], Answer]) -> Answer:
    """What a request asks before anything else, and may ask twice."""
    if session().in_transaction():
        return ask()
    tried = _tried_by_use.set(True)
    try:
        return ask()
    except sa.exc.DBAPIError as error:
        # Where none could be made at all, another try would only take as long again.
        if not error.connection_invalidated:
            raise
        session.rollback()
    finally:
        _tried_by_use.reset(tried)
    return ask()
