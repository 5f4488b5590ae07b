"""What pages about the past are made of, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup


class Segment(NamedTuple):
    """A stretch of a text's change: same, removed, added, or a gap."""

    kind: str
    text: str


@dataclass(frozen=True)
class Alternative:
    """One field that two people changed: how it was, what is there now, what was typed, and what was chosen.

    `original` is None where it is not known any more. The segments lead from it to either side. `is_open` says that the
    page was sent without a choice.
    """

    name: str
    label: str
    field_id: str
    original: Markup | None
    theirs: Markup
    yours: Markup
    theirs_segments: Sequence[Segment] = ()
    yours_segments: Sequence[Segment] = ()
    chosen: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class Conflict:
    """A save that met another: who was faster, the fields to choose in, and those that were put together."""

    by: str
    at: Markup
    alternatives: Sequence[Alternative]
    merged: Sequence[str] = ()


@dataclass(frozen=True)
class FieldChange:
    """One field before and after; `segments` where both are texts."""

    name: str
    label: str
    before: Markup
    after: Markup
    segments: Sequence[Segment] = ()
    can_revert: bool = False


@dataclass(frozen=True)
class LinkChange:
    """Links of one relation that came and went; `more` are not named."""

    label: str
    added: Sequence[Markup]
    removed: Sequence[Markup]
    more: int = 0


@dataclass(frozen=True)
class Event:
    """One entry of a record's history; `is_made` where all its values came or went at once.

    The change can be taken back, and the record can go back to how this change had left it.
    """

    id: int
    at: Markup
    person: str
    action: str
    icon: str
    source: str
    address: str
    changes: Sequence[FieldChange] = field(default_factory=tuple)
    links: Sequence[LinkChange] = field(default_factory=tuple)
    version: int | None = None
    is_made: bool = False
    gone: bool = False
    can_revert: bool = False
    can_go_back: bool = False
