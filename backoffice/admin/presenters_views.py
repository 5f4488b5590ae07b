"""What the tabs, the column chooser and the sort panel of a list are made of, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Tab:
    """A saved view, or all rows; `shared` is the role it is shared with, `changed` that the list departs from it."""

    label: str
    url: str
    current: bool = False
    changed: bool = False
    shared: str = ""
    is_default: bool = False


@dataclass(frozen=True)
class ViewMenu:
    """What may be done with the list as it is and with the view it departs from; empty addresses are not offered.

    `state` are the pairs that the form of `change_url` sends along; its buttons are `save`, `earlier` and `later`.
    """

    new_url: str = ""
    discard_url: str = ""
    settings_url: str = ""
    delete_url: str = ""
    change_url: str = ""
    may_save: bool = False
    state: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class ViewTabs:
    """The row of tabs over a list, its menu, and what was left out of the view that is open.

    `arrange_url` leads to the choice of columns and, where there is one (`can_sort`), of the order; `order` is the
    present one as an address writes it.
    """

    tabs: Sequence[Tab]
    menu: ViewMenu
    notices: Sequence[str] = ()
    arrange_url: str = ""
    order: str = ""
    can_sort: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why a view cannot be shown, and the way on."""

    title: str
    sentence: str
    url: str
    button: str


@dataclass(frozen=True)
class ColumnChoice:
    """A column that the list offers, and whether it is shown."""

    name: str
    label: str
    shown: bool


@dataclass(frozen=True)
class SortChoice:
    """One row of the sort panel: the column chosen in it (none: empty) and the direction."""

    name: str = ""
    descending: bool = False


@dataclass(frozen=True)
class Arrangement:
    """The forms that choose columns and order: what there is to choose from, what is chosen, the ways back.

    Both are sent to `url` with the pairs of `state`.
    """

    url: str
    state: Sequence[tuple[str, str]]
    columns: Sequence[ColumnChoice]
    reset_columns_url: str
    sort: Sequence[SortChoice]
    sortable: Sequence[tuple[str, str]]
    reset_sort_url: str


@dataclass(frozen=True)
class RoleChoice:
    """A role that a view can be shared with."""

    id: int
    name: str


@dataclass(frozen=True)
class SavedViewPage:
    """The form of a new or a kept view; `problem` says why what was sent was not kept."""

    title: str
    post_url: str
    cancel_url: str
    button: str
    name: str = ""
    role_id: int | None = None
    roles: Sequence[RoleChoice] = ()
    is_default: bool = False
    hidden: Sequence[tuple[str, str]] = ()
    explained: str = ""
    delete_url: str = ""
    problem: str = ""
    kind: Literal["new", "kept"] = "new"
