"""Which rows, in which order: the one value that lists, panels, counts, exports, saved views and jobs take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa

from backoffice.database.asking import Asker
from backoffice.database.attributes import Attribute, attribute, once, primary_key
from backoffice.database.filtering import Group, parse_where
from backoffice.database.searching import check_search, exact, found_keys, is_one_term, matched, probed
from backoffice.database.sorting import SortKey, apply_sort, parse_sort
from backoffice.database.vocabulary import Vocabulary

# A filter of so many characters takes little memory.
SHORT = 300


@dataclass(frozen=True)
class Selection:
    """A checked question within what the person may see. Reads from an address and prints back to it.

    `scope` holds the rows the person may see; `indexed` says whether the search index may be relied on; `counted` has
    as many rows as the scope and is quicker to count.
    """

    vocabulary: Vocabulary
    scope: sa.Select[Any]
    asker: Asker = field(default_factory=Asker)
    search: str = ""
    where: Group | None = None
    sort: tuple[SortKey, ...] = ()
    indexed: bool = False
    counted: sa.Select[Any] | None = None

    @classmethod
    def read(
        cls, args: Mapping[str, str], vocabulary: Vocabulary, scope: sa.Select[Any], asker: Asker | None = None
    ) -> Selection:
        """Check the arguments of an address; BadInput names what is wrong."""
        where = args.get("where", "")
        return cls(
            vocabulary,
            scope,
            asker or Asker(),
            search=check_search(args.get("search", "")) if vocabulary.searchable else "",
            where=_filter(where, vocabulary) if where else None,
            sort=parse_sort(args.get("sort", ""), vocabulary.sortable),
        )

    def args(self) -> dict[str, str]:
        """The arguments that mean this selection; what is empty is left out."""
        return {
            name: value
            for name, value in (
                ("search", self.search),
                ("where", self.where.text if self.where else ""),
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

    @property
    def sortable(self) -> Mapping[str, Attribute]:
        """The columns that `effective_sort` names: a list may have an order of its own that nobody can ask for."""
        model: Any = self.vocabulary.model
        own = {key.name: attribute(model, key.name) for key in self.vocabulary.default_sort}
        return {**own, **self.vocabulary.sortable}

    def replace(self, **changes: Any) -> Selection:
        """The same with something changed."""
        return replace(self, **changes)

    def predicate(self, dialect: str) -> sa.ColumnElement[bool] | None:
        """Search and filter as one condition that never multiplies a row; None where nothing was asked."""
        parts = [part for part in (self.searched(dialect), self.filtered) if part is not None]
        return sa.and_(*parts) if parts else None

    def searched(self, dialect: str) -> sa.ColumnElement[bool] | None:
        """The search alone: what it finds, and what it names exactly (a key, say)."""
        if not self.search:
            return None
        found, named = self.found(dialect), self.named()
        if named is None or not self.indexed:
            return found if named is None else sa.or_(found, named)
        # Joined by OR the two would be asked of every row; apart, an index serves each.
        key = [part.expression for part in primary_key(self.vocabulary.model)]
        keys = sa.union(sa.select(*key).where(named), sa.select(*key).where(found)).subquery()
        return (key[0] if len(key) == 1 else sa.tuple_(*key)).in_(sa.select(*keys.c))

    def found(self, dialect: str) -> sa.ColumnElement[bool]:
        """The rows in which every word of the search is found."""
        return matched(self.search, self.vocabulary, dialect, indexed=self.indexed)

    def found_keys(self, dialect: str) -> sa.Select[Any] | None:
        """The keys of the rows that the search finds, in scope or not, where its index alone can tell them.

        Some come twice.
        """
        return found_keys(self.search, self.vocabulary, dialect) if self.search and self.indexed else None

    @property
    def asks_one_term(self) -> bool:
        """Whether the search index is asked for one term in one column: a range of it, where few rows stand twice."""
        return len(self.vocabulary.searchable) == 1 and is_one_term(self.search)

    @property
    def only_searches(self) -> bool:
        """Whether nothing but the search leaves rows out."""
        return self.where is None and self.is_everyones

    @property
    def is_everyones(self) -> bool:
        """Whether the scope leaves no row of the table out. One that says anything more may; so do parts of a family
        of models that share a table."""
        everything = whole(self.vocabulary.model)
        if sa.inspect(self.vocabulary.model).inherits is not None:
            return False
        return self.scope is everything or self.scope.compare(everything)

    def named(self) -> sa.ColumnElement[bool] | None:
        """The rows that the search names exactly."""
        return exact(self.search, self.vocabulary) if self.search else None

    def parts(self, dialect: str) -> list[sa.ColumnElement[bool] | None]:
        """The search as conditions no two of which hold for one row, each served by an index; [None] for all rows."""
        named = self.named()
        if named is None or not self.indexed:
            return [self.searched(dialect)]
        # The few that are named are looked at, not the many that the index finds.
        found_too = probed(self.search, self.vocabulary)
        return [self.found(dialect), named if found_too is None else sa.and_(named, otherwise(found_too))]

    @cached_property
    def filtered(self) -> sa.ColumnElement[bool] | None:
        """The filter alone. The page and its count both ask for it."""
        return self.where.predicate(self.asker) if self.where else None

    def rows(self, dialect: str) -> sa.Select[Any]:
        """The rows, in no order."""
        predicate = self.predicate(dialect)
        return self.scope if predicate is None else self.scope.where(predicate)

    def ordered(self, dialect: str) -> sa.Select[Any]:
        """The rows in the selection's order; what the search names comes first unless an order was asked for."""
        model: Any = self.vocabulary.model
        rows, named = self.rows(dialect), None if self.sort else self.named()
        if named is not None:
            rows = rows.order_by(sa.case((named, 0), else_=1))
        return apply_sort(rows, model, self.effective_sort, self.sortable, dialect)


def _filter(text: str, vocabulary: Vocabulary) -> Group:
    return _kept_filter(text, vocabulary) if len(text) <= SHORT else parse_where(text, vocabulary.filterable)


@lru_cache(maxsize=128)
def _kept_filter(text: str, vocabulary: Vocabulary) -> Group:
    """A filter that has been read: who pages through a list asks by the same each time."""
    return parse_where(text, vocabulary.filterable)


@once
def whole(model: type[Any]) -> sa.Select[Any]:
    """Every row of a model: the same statement each time, which is quickly recognised."""
    return sa.select(model)


def otherwise(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The rows for which a condition does not hold, be it false or NULL."""
    return sa.not_(sa.func.coalesce(condition, sa.false()))
