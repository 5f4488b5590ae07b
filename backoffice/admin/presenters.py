"""What a page is made of, ready to draw: templates take these values and never query, check or decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from markupsafe import Markup

from backoffice.admin.presenters_publishing import Publication
from backoffice.admin.presenters_records import RecordTools
from backoffice.admin.presenters_unsaved import PresenceFrame, Unsaved
from backoffice.admin.presenters_views import Refusal


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere; `current` where one already is."""

    label: str
    url: str
    icon: str = ""
    current: bool = False


@dataclass(frozen=True)
class MenuGroup:
    """A heading of the left rail with the pages this person may open."""

    label: str
    items: Sequence[Link]


@dataclass(frozen=True)
class Header:
    """A column's head: how it is sorted now, the address that sorts by it next, whether its cells can be edited."""

    name: str
    label: str
    kind: str
    description: str = ""
    sort: Literal["", "ascending", "descending"] = ""
    sort_rank: int = 0
    sort_url: str = ""
    editable: bool = False


class Cell(NamedTuple):
    """One value, formatted; `kind` (see database.attributes.Kind) decides its alignment."""

    name: str
    kind: str
    html: Markup


class Row(NamedTuple):
    """One record of a list; the first cell carries the link to it. Empty addresses are not allowed to this person.

    `version` tells the state that is shown from a later one, where cells can be edited. `named_by` is the id of that
    link where it says what the record is called; else the row is called aloud by its label.
    """

    pk: str
    label: str
    cells: Sequence[Cell]
    details_url: str = ""
    edit_url: str = ""
    named_by: str = ""
    version: str = ""


@dataclass(frozen=True)
class PageNumber:
    """A page to jump to; a gap where it has no `label`."""

    label: str = ""
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class Pager:
    """Where in the result one is.

    Positions count from 1 and are None where they are not known; empty addresses lead nowhere. `pages` is 0 where the
    result is too large to be numbered, `page` 0 where the rows are no whole page of it. `goto` is the argument that
    the “go to” form sends. `count_url` counts exactly on request, for what then stands in the place of `total_text`.
    """

    total: int
    kind: Literal["exact", "estimate", "at-least"] = "exact"
    first: int | None = None
    last: int | None = None
    where: str = ""
    page: int = 0
    pages: int = 0
    first_url: str = ""
    previous_url: str = ""
    next_url: str = ""
    last_url: str = ""
    numbers: Sequence[PageNumber] = ()
    goto: Literal["", "page", "position"] = ""
    count_url: str = ""
    total_text: str = ""


@dataclass(frozen=True)
class Pill:
    """One active condition in words, and the address without it."""

    text: str
    remove_url: str


@dataclass(frozen=True)
class Operator:
    """A comparison a column offers; `value` names the input of components/operand.html that asks for its operand."""

    name: str
    label: str
    value: str


@dataclass(frozen=True)
class FilterColumn:
    """A column that can be filtered, its comparisons and, where it has them, its choices or its look-up address.

    `aware` where its moments know their time zone.
    """

    name: str
    label: str
    kind: str
    operators: Sequence[Operator]
    choices: Sequence[tuple[str, str]] = ()
    lookup_url: str = ""
    aware: bool = False


@dataclass(frozen=True)
class Action:
    """Something to do with the ticked rows; `danger` where it destroys.

    It can be done to all that match too where it is `for_all`; with `more` it stands behind the others.
    """

    name: str
    label: str
    icon: str = ""
    danger: bool = False
    more: bool = False
    for_all: bool = False


@dataclass(frozen=True)
class FileFormat:
    """A kind of file: what it is called and good for, and the address that makes it."""

    label: str
    hint: str
    url: str


@dataclass(frozen=True)
class ExportMenu:
    """What can be exported: how many rows in words, the columns shown as an address has them, and the formats."""

    rows: str
    shown: str
    formats: Sequence[FileFormat]
    state: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Listing:
    """A whole list: what is asked for, what came of it, and every address that changes the question.

    `all_text` offers all rows that match to the actions, where there are more than stand on the page; `selection` says
    which they are, as an address does.
    """

    title: str
    headers: Sequence[Header]
    rows: Sequence[Row]
    pager: Pager
    url: str
    count_text: str = ""
    searchable: bool = False
    search: str = ""
    search_hint: str = ""
    search_length: int = 0
    state: Sequence[tuple[str, str]] = ()
    pills: Sequence[Pill] = ()
    match: Literal["all", "any"] = "all"
    match_url: str = ""
    clear_url: str = ""
    filter_url: str = ""
    page_sizes: Sequence[Link] = ()
    actions: Sequence[Action] = ()
    action_url: str = ""
    all_text: str = ""
    selection: str = ""
    cell_url: str = ""
    return_url: str = ""
    new_url: str = ""
    import_url: str = ""
    exports: ExportMenu | None = None
    empty: Literal["", "no-data", "no-match", "too-broad"] = ""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `field_id` is the element to lead to (empty: the whole record)."""

    field_id: str
    label: str
    message: str


@dataclass(frozen=True)
class Property:
    """A label and a formatted value."""

    label: str
    html: Markup
    kind: str = "text"
    name: str = ""


@dataclass(frozen=True)
class RecordPage:
    """The frame of one record's pages: its name, tabs, side panel and what may be done with it."""

    title: str
    subtitle: str = ""
    pk: str = ""
    tabs: Sequence[Link] = ()
    side: Sequence[Property] = ()
    form_url: str = ""
    cancel_url: str = ""
    delete_url: str = ""
    edit_url: str = ""
    actions: Sequence[Action] = ()
    action_url: str = ""
    errors: Sequence[FieldError] = ()
    is_new: bool = False
    can_add_another: bool = False
    publication: Publication | None = None
    unsaved: Unsaved | None = None
    presence: PresenceFrame | None = None
    notices: Sequence[str] = ()
    tools: RecordTools | None = None


@dataclass(frozen=True)
class Alternatives:
    """What may become of the records of a relation: one of `options`, as values with words.

    One of them, `handed`, needs to know to whom, who is found by the look-up.
    """

    name: str
    question: str
    options: Sequence[tuple[str, str]]
    chosen: str
    handed: str = ""
    lookup_url: str = ""
    to: str = ""
    to_label: str = ""


@dataclass(frozen=True)
class Confirmation:
    """A question before something is done: what, to which records, what else goes, and where yes is sent.

    With a `word` it is done only where that has been typed; `problem` says why it was not done; without a `button` it
    cannot be. `kept` are the values of a record that is to come back.
    """

    title: str
    question: str
    labels: Sequence[str]
    more: int
    consequences: Sequence[str]
    post_url: str
    cancel_url: str
    button: str
    danger: bool = False
    hidden: Sequence[tuple[str, str]] = field(default_factory=tuple)
    alternatives: Sequence[Alternatives] = ()
    word: str = ""
    problem: str = ""
    kept: Sequence[Property] = ()
