"""Who asks, when and where: what `me`, “today” and “last 7 days” mean in a question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from backoffice.models import utcnow


def nobody(_model: type[Any]) -> tuple[Any, ...] | None:
    """There is no record that is the person: `me` then means no row."""
    return None


@dataclass(frozen=True)
class Asker:
    """One person at one moment.

    `me` gives the key of the record of a model that is this person, None where there is none; days begin at midnight
    in `zone`. A job that runs later takes the values of the moment it was asked for.
    """

    now: datetime = field(default_factory=utcnow)
    zone: tzinfo = UTC
    me: Callable[[type[Any]], tuple[Any, ...] | None] = nobody
