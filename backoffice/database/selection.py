"""Which rows, in which order: the one value that lists, panels, exports and actions take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from backoffice.database.attributes import Attribute, attribute
from backoffice.database.filtering import Group, parse_where, print_where
from backoffice.database.searching import check_search, search_predicate
from backoffice.database.sorting import SortKey, apply_sort, parse_sort


@dataclass(frozen=True)
class Vocabulary:
    """What a list can be asked: the columns that can be searched, filtered and sorted by, under their public names."""

    model: type[Any]
    searchable: Mapping[str, Attribute] = field(default_factory=dict)
    filterable: Mapping[str, Attribute] = field(default_factory=dict)
    sortable: Mapping[str, Attribute] = field(default_factory=dict)
    default_sort: tuple[SortKey, ...] = ()


@dataclass(frozen=True)
class Selection:
    """A checked question: search text, filter and sort. Reads from an address and prints back to it."""

    vocabulary: Vocabulary
    search: str = ""
    where: Group | None = None
    sort: tuple[SortKey, ...] = ()

    @classmethod
    def read(cls, args: Mapping[str, str], vocabulary: Vocabulary) -> Selection:
        """Check the arguments of an address; BadInput names what is wrong."""
        where = args.get("where", "")
        return cls(
            vocabulary,
            search=check_search(args.get("search", "")) if vocabulary.searchable else "",
            where=parse_where(where, vocabulary.filterable) if where else None,
            sort=parse_sort(args.get("sort", ""), vocabulary.sortable),
        )

    def args(self) -> dict[str, str]:
        """The arguments that mean this selection; what is empty is left out."""
        return {
            name: value
            for name, value in (
                ("search", self.search),
                ("where", print_where(self.where) if self.where else ""),
                ("sort", ",".join(map(str, self.sort))),
            )
            if value
        }

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked that leaves rows out."""
        return bool(self.search or self.where)

    @property
    def effective_sort(self) -> tuple[SortKey, ...]:
        """The sort asked for, else the list's own."""
        return self.sort or self.vocabulary.default_sort

    def replace(self, **changes: Any) -> Selection:
        """The same with something changed."""
        return replace(self, **changes)

    def filtered(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """The rows of `statement` that match; never multiplies a row, whatever is asked."""
        if self.search:
            statement = statement.where(search_predicate(self.search, self.vocabulary.searchable.values()))
        if self.where:
            statement = statement.where(self.where.predicate())
        return statement

    def ordered(self, statement: sa.Select[Any], dialect: str) -> sa.Select[Any]:
        """`statement` in the selection's order."""
        model: Any = self.vocabulary.model
        # A list may be ordered by a column it does not show, but not be asked to.
        own = {key.name: attribute(model, key.name) for key in self.vocabulary.default_sort}
        return apply_sort(statement, model, self.effective_sort, {**own, **self.vocabulary.sortable}, dialect)
