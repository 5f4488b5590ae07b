"""The state of a list as an address: every link on the page is this state with something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from backoffice.admin.base import with_arguments
from backoffice.database.paging import Place
from backoffice.database.selection import Selection

# Where in the list one is: any change of the question leads back to the start.
PLACES = ("after", "before", "page", "position", "last")


@dataclass(frozen=True)
class ListAddress:
    """`make` builds an address from arguments; `fixed` are those of the page itself (a panel's record).

    `columns` and `page_size` are empty for the view's own; `kept` are arguments that every link carries on.
    """

    make: Callable[..., str]
    selection: Selection
    place: Place = field(default_factory=Place)
    page_size: int = 0
    columns: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    # The arguments that name the place, as they were given.
    asked_place: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, **changes: Any) -> dict[str, str]:
        """The arguments of the address; any change leads to the start of the list, unless it names a place itself."""
        if not changes:
            return {**self._state, **{name: value for name, value in self.asked_place.items() if value}}
        state = {**self._state, **{name: "" if value is None else str(value) for name, value in changes.items()}}
        return {name: value for name, value in state.items() if value}

    @cached_property
    def _state(self) -> dict[str, str]:
        """What every link of the page carries on: put together once."""
        arranged = {"columns": ",".join(self.columns), "page_size": str(self.page_size or "")}
        state = {**self.fixed, **self.kept, **self.selection.args(), **arranged}
        return {name: value for name, value in state.items() if value}

    def to(self, **changes: Any) -> str:
        """The address with `changes`; None or an empty text takes an argument away."""
        if changes and changes.keys().isdisjoint(self._state):
            return with_arguments(self._plain, changes)
        return self.make(**self.arguments(**changes))

    @cached_property
    def _plain(self) -> str:
        """The address of the list as it is asked from its start: most links of a page add one argument to that."""
        return self.make(**self._state)

    def start(self) -> str:
        """The same list from its first row."""
        return self.make(**self.arguments(page=""))

    def selecting(self, selection: Selection) -> str:
        """The address of another question asked of the same list."""
        empty = {"search": "", "where": "", "sort": ""}
        return self.to(**{**empty, **selection.args()})

    def state(self, *without: str) -> list[tuple[str, str]]:
        """The arguments a form has to carry along, without those it sets itself."""
        return [(k, v) for k, v in self.arguments(page="").items() if k not in without]
