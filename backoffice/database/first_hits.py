"""The first page of a search, in one to three statements, and with it how many rows there are.

The index is asked once, for so many hits as are counted: their keys, in order, are the page and the count. Where there
are more, the word is common: the next rows of the order fill the page, and every hit would have to be sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from backoffice.database import effort
from backoffice.database.keyset import Keyset
from backoffice.database.searching import probed
from backoffice.database.selection import otherwise
from backoffice.database.time_limits import TooBroad

PART = "part"
# Reads a statement's rows, stopped after so many seconds if any are given; TooBroad then.
Ask = Callable[..., list[Any]]


@dataclass(frozen=True)
class Hits:
    """The first rows, each `(record, *values of the terms, whether it is named)`; how many there are, if known."""

    rows: Sequence[Any]
    total: int | None


class FirstHits:
    """Reads the first `limit` rows of a selection that searches by tokens. Rows that are named exactly come first."""

    def __init__(self, keyset: Keyset, ask: Ask, limit: int) -> None:
        self.keyset, self.ask, self.limit = keyset, ask, limit
        selection = keyset.selection
        self.named = selection.named()
        self.probe = probed(selection.search, selection.vocabulary)

    @staticmethod
    def serves(keyset: Keyset) -> bool:
        """Whether a selection is one of these."""
        return bool(keyset.selection.search) and keyset.selection.indexed

    def read(self) -> Hits:
        """The first rows, by the index or by a glance at the next ones."""
        try:
            hits = self.ask(self._hits(), effort.SECONDS_OF_COUNTING)
        except TooBroad:
            total = None
        else:
            total = hits[0].total if hits else 0
            if total <= effort.CAP:
                return Hits([hit[:-1] for hit in hits], total)
        near = self.ask(self._glance()) if self.keyset.walks_an_index() else []
        return Hits(near if len(near) == self.limit else self.ask(self.keyset.at(0, self.limit)), total)

    def _glance(self) -> sa.Select[Any]:
        """Of the next rows those that match, after those that are named where these come first."""
        keyset, probe = self.keyset, sa.false() if self.probe is None else self.probe
        first = keyset.segments[-keyset.presences]
        near: Any = _as_part(1, keyset.next_keys(first.terms, effort.PROBED, first.presence))
        if keyset.named is None:
            matching = probe if self.named is None else sa.or_(probe, self.named)
        else:
            near = sa.union_all(_as_part(0, self._narrow(keyset.named, *keyset.key)), near)
            matching = sa.and_(probe, otherwise(keyset.named))
        keys = near.subquery()
        conditions = [sa.or_(keys.c[PART] == 0, matching), *([] if keyset.filter is None else [keyset.filter])]
        return self._joined(keys).where(*conditions).limit(self.limit)

    def _hits(self) -> sa.Select[Any]:
        """The first that are named or found by the index, each with how many those are in all, counted to the cap."""
        keyset = self.keyset
        terms = [term.column.label(f"term_{number}") for number, term in enumerate(keyset.terms)]
        ways = [] if self.named is None else [_as_part(0, self._narrow(self.named, *keyset.key, *terms))]
        ways.append(_as_part(1, self._found(terms)))
        rows = sa.union_all(*ways).subquery()
        keys = (
            sa.select(
                *(rows.c[column.key] for column in keyset.key), rows.c[PART], sa.func.count().over().label("total")
            )
            .order_by(*self._order(rows.c[PART], [rows.c[term.name] for term in terms]))
            .limit(self.limit).subquery()
        )  # fmt: skip
        return self._joined(keys).add_columns(keys.c.total)

    def _found(self, terms: Sequence[Any]) -> sa.Select[Any]:
        """Keys and terms of the rows that the index finds and nothing names: so many that they are seen to be more."""
        keyset, others = self.keyset, [] if self.named is None else [otherwise(self.named)]
        keys = keyset.selection.found_keys(keyset.dialect) if keyset.is_by_key else None
        if keys is None:
            found = sa.and_(keyset.selection.found(keyset.dialect), *others)
            return self._narrow(found, *keyset.key, *terms).limit(effort.CAP + 1)
        if self.named is not None:
            keys = keys.where(sa.tuple_(*keys.selected_columns).not_in(self._narrow(self.named, *keyset.key)))
        key = dict(zip((column.key for column in keyset.key), keys.limit(effort.CAP + 1).subquery().c, strict=True))
        again = (key[term.column.key].label(f"term_{number}") for number, term in enumerate(keyset.terms))
        return sa.select(*(column.label(name) for name, column in key.items()), *again)

    def _joined(self, keys: Any) -> sa.Select[Any]:
        """The rows of these keys, in the order of the list."""
        keyset, columns = self.keyset, [term.column for term in self.keyset.terms]
        return (
            keyset.base.join(keys, sa.and_(*(column == keys.c[column.key] for column in keyset.key)))
            .add_columns(*columns, keys.c[PART] == 0)
            .order_by(*self._order(keys.c[PART], columns)).options(*keyset.options)
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


def _as_part(number: int, rows: sa.Select[Any]) -> sa.Select[Any]:
    inner = rows.subquery()
    return sa.select(*inner.c, sa.literal_column(str(number)).label(PART))
