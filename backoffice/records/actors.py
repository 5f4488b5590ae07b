"""Who is changing records, and from where: asked when a change is written to the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A member of staff, a job or a command. `source` names the request, the job or the command."""

    id: int | None = None
    name: str = ""
    address: str = ""
    source: str = ""


_ask: Callable[[], Actor] = Actor


def ask_through(provider: Callable[[], Actor]) -> None:
    """From now on `present` asks `provider`: the application knows of requests, this package does not."""
    global _ask  # one process has one way to know who acts
    _ask = provider


def present() -> Actor:
    """Whoever acts now; nobody in particular where no one knows."""
    return _ask()
