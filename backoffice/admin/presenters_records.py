"""What the head of a record's page offers beside its main buttons, ready to draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """The record before or after this one in the list one came from; without an address there is none."""

    url: str = ""
    label: str = ""


@dataclass(frozen=True)
class RecordTools:
    """Previous and next (None where one came from no list), and what the menu holds; empty addresses are not offered.

    `link_url` is the record's own address, whole and without the state of any list.
    """

    previous: Step | None = None
    next: Step | None = None
    copy_url: str = ""
    link_url: str = ""
    json_url: str = ""
