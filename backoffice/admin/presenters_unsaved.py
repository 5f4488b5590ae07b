"""What a page needs to keep unsaved work and to tell who else is there, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Unsaved:
    """How a form keeps what is typed: under which name in the browser, for whom, and where on the server.

    Without a `draft_url` the browser alone keeps it. `is_typed`: the form shows what was typed before signing in again.
    """

    name: str
    person: str
    email: str
    record: str = ""
    version_field: str = ""
    draft_url: str = ""
    keep_url: str = ""
    discard_url: str = ""
    is_typed: bool = False


@dataclass(frozen=True)
class PresenceFrame:
    """Where a page says that it is open, for which record, and in which state it shows it."""

    url: str
    record: str
    version: str
    editing: bool = False


@dataclass(frozen=True)
class DraftCard:
    """A line of “Your drafts”: what it is called, of which kind, when it was kept, and where it goes on."""

    title: str
    noun: str
    saved_at: datetime
    url: str


@dataclass(frozen=True)
class Drafts:
    """The newest drafts of a person, and the others."""

    cards: Sequence[DraftCard]
    more: Sequence[DraftCard] = ()
