"""The first page of a search, in one to three statements, and with it how many rows there are.

The index is asked once, for so many hits as are counted: their keys, in order, are the page and the count. Where there
are more, the word is common: the next rows of the order fill the page, and every hit would have to be sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from backoffice.database import effort
from backoffice.database.keyset import Keyset
from backoffice.database.searching import probed
from backoffice.database.selection import otherwise
from backoffice.database.time_limits import TooBroad

PART, TOTAL, REACHED = "part", "total", "reached"
# What the statements within a statement are called. Their columns are named by that: those that SQLAlchemy would make
# of each statement took a thirtieth of the page.
INDEX, NEAR, HITS, PAGE = "index_keys", "near_keys", "hit_keys", "page_keys"
# MariaDB counts over all rows at once; of any other function over them it makes work for each.
COUNTED = sa.func.count().over()
HOW_MANY, HOW_FAR = COUNTED.label(TOTAL), COUNTED.label(REACHED)
# Of rows that tell nothing of how many were looked up.
NOTHING: sa.Label[Any] = sa.literal_column("0").label(REACHED)
# Reads a statement's rows, stopped after so many seconds if any are given; TooBroad then.
Ask = Callable[..., list[Any]]


@dataclass(frozen=True)
class Hits:
    """The first rows, each `(record, *values of the terms, whether it is named)`.

    `total` is how many there are, if that is known; else there are at least `seen`.
    """

    rows: Sequence[Any]
    total: int | None
    seen: int = 0


class FirstHits:
    """Reads the first `limit` rows of a selection that searches by tokens. Rows that are named exactly come first."""

    def __init__(self, keyset: Keyset, ask: Ask, limit: int) -> None:
        self.keyset, self.ask, self.limit = keyset, ask, limit
        selection = keyset.selection
        self.named = keyset.named if keyset.named is not None else selection.named()
        # The keys that the index finds, where they and their order are told by it alone.
        self.keys = selection.found_keys(keyset.dialect) if keyset.is_by_key else None
        # So many of them are looked up in the table, as more is asked than the index knows.
        self.bounded = self.keys is not None and not selection.only_searches
        # Of one term in one column it is quickly told whether the index has more hits, and what it has twice is put
        # together with what is named: that too may be found, where no order puts it first.
        self.plain = self.bounded and self.named is not None and selection.asks_one_term
        self.mingled = self.plain and keyset.named is None

    @staticmethod
    def serves(keyset: Keyset) -> bool:
        """Whether a selection is one of these."""
        return bool(keyset.selection.search) and keyset.selection.indexed

    def read(self) -> Hits:
        """The first rows, by the index or by a glance at the next ones."""
        try:
            hits = self.ask(self._hits(), effort.SECONDS_OF_COUNTING)
        except TooBroad:
            return self._beyond(None)
        found = [hit[:-2] for hit in hits]
        total = hits[0].total if hits else 0
        if len(found) < min(total, self.limit):
            # The index has keys of rows that are gone.
            return self._every(None)
        reached = max((1 if hit.reached is None else hit.reached for hit in hits), default=0)
        # What is named was not looked up; where nothing else is left nobody knows of how many.
        if not self.bounded or 0 < reached <= effort.LOOKED_UP:
            return Hits(found, total) if total <= effort.CAP else self._beyond(total)
        # Looked up were the first of the hits, so that what they filled is the page.
        return Hits(found, None, total) if len(found) == self.limit else self._every(None)

    def _beyond(self, total: int | None) -> Hits:
        """Where there are more hits than can be sorted."""
        near = self.ask(self._glance()) if self.keyset.walks_an_index() else []
        return Hits(near, total) if len(near) == self.limit else self._every(total)

    def _every(self, total: int | None) -> Hits:
        rows = self.ask(self.keyset.at(0, self.limit))
        return Hits(rows, total if len(rows) == self.limit else len(rows))

    def _glance(self) -> sa.Select[Any]:
        """Of the next rows those that match, after those that are named where these come first."""
        keyset, selection = self.keyset, self.keyset.selection
        probe = probed(selection.search, selection.vocabulary)
        probe = sa.false() if probe is None else probe
        first = keyset.segments[-keyset.presences]
        near: Any = keyset.next_keys(first.terms, effort.PROBED, first.presence)
        near = self._apart(near.with_only_columns(*self._key, maintain_column_froms=True), _part(1))
        if keyset.named is None:
            matching = probe if self.named is None else sa.or_(probe, self.named)
        else:
            near = sa.union_all(self._narrow(keyset.named, *self._key, _part(0)), near)
            matching = sa.and_(probe, otherwise(keyset.named))
        conditions = [sa.or_(_of(PAGE, PART) == 0, matching), *([] if keyset.filter is None else [keyset.filter])]
        return self._joined(near.subquery(PAGE)).where(*conditions).limit(self.limit)

    def _hits(self) -> sa.Select[Any]:
        """The first that are named or found by the index, each with how many those are in all, counted to the cap.

        `reached` is how many hits were looked up, where that was bounded.
        """
        if self.keys is None:
            found = self._found()
        else:
            found = self._looked_up(self.keys) if self.bounded else self._from_index(self.keys)
        ways = [found]
        if self.named is not None:
            part = _part(1 if self.mingled else 0)
            ways.append(self._narrow(self.named, *self._key, *self._terms, NOTHING, part))
        keys = (
            sa.select(*self._keys_of(HITS), _of(HITS, PART), _of(HITS, REACHED), HOW_MANY)
            .select_from((sa.union if self.plain else sa.union_all)(*ways).subquery(HITS))
            .order_by(*self._order(_of(HITS, PART), self._terms_of(HITS)))
            .limit(self.limit).subquery(PAGE)
        )  # fmt: skip
        reached = _reach(self.keys) if self.keys is not None and self.plain else _of(PAGE, REACHED)
        return self._joined(keys).add_columns(_of(PAGE, TOTAL), reached)

    @property
    def _key(self) -> list[Any]:
        return [column.label(f"key_{number}") for number, column in enumerate(self.keyset.key)]

    @property
    def _terms(self) -> list[Any]:
        return [term.column.label(f"term_{number}") for number, term in enumerate(self.keyset.terms)]

    def _keys_of(self, statement: str) -> list[Any]:
        return [_of(statement, f"key_{number}") for number in range(len(self.keyset.key))]

    def _terms_of(self, statement: str) -> list[Any]:
        return [_of(statement, f"term_{number}") for number in range(len(self.keyset.terms))]

    def _found(self) -> sa.Select[Any]:
        """The rows that the index finds and nothing names."""
        keyset, others = self.keyset, [] if self.named is None else [otherwise(self.named)]
        condition = sa.and_(keyset.selection.found(keyset.dialect), *others)
        rows = self._narrow(condition, *self._key, *self._terms).limit(effort.CAP + 1)
        return self._apart(rows, *self._terms_of(NEAR), NOTHING, _part(1))

    def _from_index(self, keys: sa.Select[Any]) -> sa.Select[Any]:
        """The same from the index alone: so many that they are seen to be more than are counted."""
        if self.named is not None:
            named = self._narrow(self.named, *self.keyset.key)
            keys = keys.where(sa.tuple_(*keys.selected_columns).not_in(named))
        columns = self._by_name(self._keys_of(NEAR))
        terms = (
            columns[t.column.key].element.label(label.name)
            for t, label in zip(self.keyset.terms, self._terms, strict=True)
        )
        return self._apart(_numbered(keys).distinct().limit(effort.CAP + 1), *terms, NOTHING, _part(1))

    def _looked_up(self, keys: sa.Select[Any]) -> sa.Select[Any]:
        """The same where more is asked than the index knows: of so many of the first hits, those that hold to it."""
        keyset, columns = self.keyset, self._by_name(keys.selected_columns)
        order = (replace(t, column=columns[t.column.key]).ordered(keyset.dialect) for t in keyset.terms)
        first, reached = _numbered(keys).order_by(*order).limit(effort.LOOKED_UP + 1), NOTHING
        if not self.plain:
            first = sa.select(*self._keys_of(INDEX), HOW_FAR).select_from(first.distinct().subquery(INDEX))
            reached = _of(NEAR, REACHED)
        others = sa.true() if self.named is None or self.mingled else otherwise(self.named)
        near = first.subquery(NEAR)
        return self._narrow(others, *self._key, *self._terms, reached, _part(1)).join(near, self._is_key(near))

    def _by_name(self, columns: Iterable[Any]) -> dict[str, Any]:
        """Columns that hold the parts of a key, called as the list calls its own."""
        return dict(zip((column.key for column in self.keyset.key), columns, strict=True))

    def _apart(self, rows: sa.Select[Any], *more: Any) -> sa.Select[Any]:
        """The keys of rows whose LIMIT is theirs alone, and more of them."""
        return sa.select(*self._keys_of(NEAR), *more).select_from(rows.subquery(NEAR))

    def _is_key(self, keys: Any) -> sa.ColumnElement[bool]:
        # Beside other tables by columns of its own, from which SQLAlchemy sees that no table is left standing alone.
        there = self._keys_of(keys.name) if self.keyset.stands_alone else list(keys.c)[: len(self.keyset.key)]
        return sa.and_(*(own == other for own, other in zip(self.keyset.key, there, strict=True)))

    def _joined(self, keys: Any) -> sa.Select[Any]:
        """The rows of the keys of a PAGE, in the order of the list."""
        keyset, columns = self.keyset, [term.column for term in self.keyset.terms]
        part = _of(PAGE, PART)
        return (
            keyset.base.join(keys, self._is_key(keys))
            .add_columns(*columns, part == 0)
            .order_by(*self._order(part, columns)).options(*keyset.options)
        )  # fmt: skip

    def _narrow(self, condition: Any, *columns: Any) -> sa.Select[Any]:
        keyset = self.keyset
        conditions = [condition, *([] if keyset.filter is None else [keyset.filter])]
        return keyset.base.where(*conditions).with_only_columns(*columns, maintain_column_froms=True)

    def _order(self, part: Any, columns: Sequence[Any]) -> list[Any]:
        """That of the list; an order that somebody asked for does not put the named ones first."""
        pairs = zip(self.keyset.terms, columns, strict=True)
        order = [replace(term, column=column).ordered(self.keyset.dialect) for term, column in pairs]
        return order if self.keyset.named is None else [part, *order]


def _reach(keys: sa.Select[Any]) -> sa.Label[Any]:
    """More than LOOKED_UP where there are more hits than that, else no value. One that comes twice counts as two."""
    more: sa.Select[Any] = keys.with_only_columns(sa.literal_column(str(effort.LOOKED_UP + 1)))
    return more.offset(effort.LOOKED_UP).limit(1).scalar_subquery().label(REACHED)


def _part(number: int) -> sa.Label[Any]:
    return sa.literal_column(str(number)).label(PART)


def _numbered(keys: sa.Select[Any]) -> sa.Select[Any]:
    """The same with the parts of the key called as ours are."""
    columns = (column.label(f"key_{number}") for number, column in enumerate(keys.selected_columns))
    return keys.with_only_columns(*columns)


@cache
def _of(statement: str, column: str) -> sa.Label[Any]:
    """A column of one of our statements. Both names are ours, and need no quotes."""
    return sa.literal_column(f"{statement}.{column}").label(column)
