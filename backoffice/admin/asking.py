"""Who asks: the person and the zone of a request, for filters that say `me`, “today” or “last 7 days”."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import request

from backoffice.admin.base import view_for
from backoffice.database.asking import Asker
from backoffice.database.attributes import primary_key


def asker() -> Asker:
    """The person who sent the request, now, in the zone that their browser told (a cookie), else in UTC."""
    known: dict[type[Any], tuple[Any, ...] | None] = {}

    def me(model: type[Any]) -> tuple[Any, ...] | None:
        # A filter and its words both ask.
        if model not in known:
            known[model] = _me(model)
        return known[model]

    return Asker(zone=_zone(request.cookies.get("zone", "")), me=me)


def _me(model: type[Any]) -> tuple[Any, ...] | None:
    view = view_for(model)
    record = view.me() if view is not None else None
    return None if record is None else tuple(getattr(record, part.name) for part in primary_key(model))


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A cookie may hold anything. Looking among all names first would take as long as a list.
        return UTC
