"""The forms that choose a list's columns and its order: what they show, and what a sent one means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backoffice.admin.address import ListAddress
from backoffice.admin.base import BaseRecordView
from backoffice.admin.columns import arranged, offered_columns, own_columns, print_columns, read_columns
from backoffice.admin.presenters_views import Arrangement, ColumnChoice, SortChoice
from backoffice.database.sorting import SortKey, parse_sort

# A list is seldom sorted by more; the address takes any number.
SORT_ROWS = 4
_NUMBERED = re.compile(r"by-([0-9]{1,2})")


def arrangement(view: BaseRecordView, address: ListAddress) -> Arrangement:
    """Both forms as the list stands: the columns that are shown come first, in their order."""
    shown = address.columns or own_columns(view)
    offered = offered_columns(view)
    sortable = view.vocabulary.sortable
    keys = [SortChoice(key.name, key.descending) for key in order_of(address)]
    rows = min(max(len(keys) + 1, SORT_ROWS), len(sortable))
    return Arrangement(
        url=address.make(**address.fixed),
        state=address.state(),
        columns=[
            *(ColumnChoice(name, view.label(name), True) for name in shown),
            *(ColumnChoice(name, view.label(name), False) for name in offered if name not in shown),
        ],
        reset_columns_url=address.to(columns="") if address.columns else "",
        sort=[*keys, *[SortChoice()] * (rows - len(keys))],
        sortable=[(name, view.label(name)) for name in sortable],
        reset_sort_url=address.to(sort="") if address.selection.sort else "",
    )


def order_of(address: ListAddress) -> list[SortKey]:
    """The present order, as far as it can be asked for: a list may have one of its own that nobody can name."""
    selection = address.selection
    return [key for key in selection.effective_sort if key.name in selection.vocabulary.sortable]


def rearranged(view: BaseRecordView, address: ListAddress, form: Any) -> str:
    """The address of the list as a sent form wants it (a MultiDict); BadInput where it names what is not there."""
    if form.get("arrange") == "sort":
        return address.selecting(address.selection.replace(sort=parse_sort(_order(form), view.vocabulary.sortable)))
    ticked = form.getlist("column")
    places = {name: form.get(f"place-{name}", "") for name in ticked}
    return address.to(columns=print_columns(read_columns(view, print_columns(arranged(ticked, places)))))


def _order(form: Mapping[str, str]) -> str:
    """The rows `by-1`, `by-2` … with `down-1` where the direction is downward, as an address writes them."""
    numbers = sorted(int(found[1]) for name in form if (found := _NUMBERED.fullmatch(name)) and form[name])
    return ",".join(("-" if form.get(f"down-{n}") else "") + form[f"by-{n}"] for n in numbers)
