"""The state of a list as an address: every link on the page is this state with something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.database.selection import Selection


@dataclass(frozen=True)
class ListAddress:
    """`make` builds an address from arguments; `fixed` are those of the page itself (a panel's record)."""

    make: Callable[..., str]
    selection: Selection
    page: int = 1
    page_size: int = 0
    fixed: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, **changes: Any) -> dict[str, str]:
        """The arguments of the address; any change but that of the page leads back to the first one."""
        state = {**self.fixed, **self.selection.args()}
        if self.page_size:
            state["page_size"] = str(self.page_size)
        if self.page > 1 and not changes:
            state["page"] = str(self.page)
        state |= {name: "" if value is None else str(value) for name, value in changes.items()}
        return {name: value for name, value in state.items() if value}

    def to(self, **changes: Any) -> str:
        """The address with `changes`; None or an empty text takes an argument away."""
        return self.make(**self.arguments(**changes))

    def selecting(self, selection: Selection) -> str:
        """The address of another question asked of the same list."""
        empty = {"search": "", "where": "", "sort": ""}
        return self.to(**{**empty, **selection.args()})

    def state(self, *without: str) -> list[tuple[str, str]]:
        """The arguments a form has to carry along, without those it sets itself."""
        return [(k, v) for k, v in self.arguments(page="").items() if k not in without]
