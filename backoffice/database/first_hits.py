"""The first page of a search, in one to three statements, and with it how many rows there are.

A glance at the next rows of the order fills the page where the word is common: the index would have to fetch and sort
every one of its hits. Where it is rare the index is asked, once: its keys, in order, are the page and the count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from backoffice.database.keyset import PROBED, Keyset
from backoffice.database.searching import probed
from backoffice.database.selection import otherwise

# The first glance is short, and tells whether a long one is worth it: whether that may expect a quarter more than it
# needs.
GLANCE, SURE = 500, 1.25
PART = "part"


@dataclass(frozen=True)
class Hits:
    """The first rows, each `(record, *values of the terms, whether it is named)`; how many there are, if known."""

    rows: Sequence[Any]
    total: int | None = None


class FirstHits:
    """Reads the first `limit` rows of a selection that searches by tokens. Rows that are named exactly come first."""

    def __init__(self, keyset: Keyset, ask: Callable[[sa.Select[Any]], list[Any]], limit: int) -> None:
        self.keyset, self.ask, self.limit = keyset, ask, limit
        selection = keyset.selection
        self.found = selection.found(keyset.dialect)
        self.named = selection.named()
        self.probe = probed(selection.search, selection.vocabulary)

    @staticmethod
    def serves(keyset: Keyset) -> bool:
        """Whether a selection is one of these."""
        return bool(keyset.selection.search) and keyset.selection.indexed

    def read(self) -> Hits:
        """The first rows, by glances or by the index."""
        if self.keyset.walks_an_index():
            near = self.ask(self._glance(GLANCE))
            if len(near) == self.limit:
                return Hits(near)
            if len(near) * PROBED > SURE * self.limit * GLANCE:
                near = self.ask(self._glance(PROBED))
                return Hits(near if len(near) == self.limit else self.ask(self.keyset.at(0, self.limit)))
        hits = self.ask(self._hits())
        return Hits([hit[:-1] for hit in hits], hits[0].total if hits else 0)

    def _glance(self, count: int) -> sa.Select[Any]:
        """Of the next `count` rows those that match, after those that are named where these come first."""
        keyset, probe = self.keyset, sa.false() if self.probe is None else self.probe
        first = keyset.segments[-keyset.presences]
        near: Any = _as_part(1, keyset.next_keys(first.terms, count, first.presence))
        if keyset.named is None:
            matching = probe if self.named is None else sa.or_(probe, self.named)
        else:
            near = sa.union_all(_as_part(0, self._narrow(keyset.named, *keyset.key)), near)
            matching = sa.and_(probe, otherwise(keyset.named))
        keys = near.subquery()
        conditions = [sa.or_(keys.c[PART] == 0, matching), *([] if keyset.filter is None else [keyset.filter])]
        return self._joined(keys).where(*conditions).limit(self.limit)

    def _hits(self) -> sa.Select[Any]:
        """The first that are named or found by the index, each with how many those are in all."""
        keyset, found = self.keyset, self.found
        terms = [term.column.label(f"term_{number}") for number, term in enumerate(keyset.terms)]
        ways = [] if self.named is None else [_as_part(0, self._narrow(self.named, *keyset.key, *terms))]
        others = found if self.named is None else sa.and_(found, otherwise(self.named))
        ways.append(_as_part(1, self._narrow(others, *keyset.key, *terms)))
        rows = sa.union_all(*ways).subquery()
        keys = (
            sa.select(
                *(rows.c[column.key] for column in keyset.key), rows.c[PART], sa.func.count().over().label("total")
            )
            .order_by(*self._order(rows.c[PART], [rows.c[term.name] for term in terms]))
            .limit(self.limit).subquery()
        )  # fmt: skip
        return self._joined(keys).add_columns(keys.c.total)

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
