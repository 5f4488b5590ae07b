"""The database's own clock: machines whose clocks differ still agree on whose turn has ended."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from backoffice.models import UTCDateTime


class moment(sa.sql.expression.ColumnElement[Any]):  # noqa: N801 - reads as a function of SQL
    """The present moment in UTC, with microseconds where the database counts them, plus some seconds."""

    inherit_cache = True
    type = UTCDateTime()
    _traverse_internals = [("seconds", sa.sql.visitors.InternalTraversal.dp_plain_obj)]

    def __init__(self, seconds: int = 0) -> None:
        self.seconds = int(seconds)


@compiles(moment, "mysql", "mariadb")
def _mysql(element: moment, _compiler: Any, **_options: Any) -> str:
    return f"(UTC_TIMESTAMP(6) + INTERVAL {element.seconds} SECOND)"


@compiles(moment, "postgresql")
def _postgresql(element: moment, _compiler: Any, **_options: Any) -> str:
    # Not now(), which stands still within a transaction.
    return f"(timezone('utc', clock_timestamp()) + INTERVAL '{element.seconds} seconds')"


@compiles(moment, "sqlite")
def _sqlite(element: moment, _compiler: Any, **_options: Any) -> str:
    # As SQLAlchemy writes moments, to be compared as texts.
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', '{element.seconds} seconds') || '000')"
