"""What a relation's panel and its pages are made of, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.admin.presenters import Listing


@dataclass(frozen=True)
class RelationPanel:
    """The other end of a relation to many: its list, and the addresses that change its links.

    `detach_all_url` takes away all that the search and the filter select, `list_url` attaches a pasted list, `new_url`
    makes a record that is attached at once.
    """

    name: str
    label: str
    listing: Listing
    lookup_url: str = ""
    attach_url: str = ""
    list_url: str = ""
    detach_url: str = ""
    detach_all_url: str = ""
    new_url: str = ""
    new_label: str = ""


@dataclass(frozen=True)
class PastedList:
    """The page that takes a list of keys or names; `text` is what was typed before."""

    title: str
    post_url: str
    cancel_url: str
    text: str = ""
    most: int = 0
    noun: str = ""
    return_url: str = ""
    error: str = ""


@dataclass(frozen=True)
class Candidate:
    """One of the records that a name may mean."""

    key: str
    label: str
    detail: str = ""


@dataclass(frozen=True)
class Ambiguity:
    """A name that several records bear; `more` says that not all of them are listed."""

    text: str
    candidates: Sequence[Candidate]
    more: bool = False


@dataclass(frozen=True)
class Recognised:
    """What a pasted list was taken to mean, before anything is attached.

    `keys` are the records that pressing the button attaches, `labels` the first of them. `elsewhere` of them belong to
    others now. `unasked` names are borne by several and are too many to be asked about.
    """

    title: str
    page: PastedList
    keys: Sequence[str]
    labels: Sequence[str]
    more: int = 0
    attached: int = 0
    elsewhere: int = 0
    repeated: int = 0
    ambiguous: Sequence[Ambiguity] = ()
    unasked: Sequence[str] = ()
    missing: Sequence[str] = ()
