"""Pages by keyset: the rows after a row, found by its values through an index, however many come before it.

A list is read in segments, one after the other: rows that the search names exactly before those it merely finds, and
rows without a value in the first column of the order apart from the others, so that each part is one range of an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from backoffice.database import effort
from backoffice.database.attributes import primary_key
from backoffice.database.cursors import Cursor
from backoffice.database.searching import probed
from backoffice.database.selection import Selection, otherwise
from backoffice.database.sorting import Term, terms_of


@dataclass(frozen=True)
class Segment:
    """One part of a list: its condition, and the terms that order it. `probe` is the same asked of few rows.

    `presence` is the part of the condition that tells rows with a value in the first column from those without.
    """

    condition: sa.ColumnElement[bool] | None
    terms: tuple[Term, ...]
    probe: sa.ColumnElement[bool] | None = None
    presence: tuple[sa.ColumnElement[bool], ...] = ()


class Keyset:
    """A selection as segments, and the statements that read them from any row on, in either direction.

    Rows come as `(record, *values of the terms)`.
    """

    def __init__(self, selection: Selection, dialect: str, options: Sequence[Any] = ()) -> None:
        self.selection, self.dialect, self.options = selection, dialect, options
        self.model = selection.vocabulary.model
        self.base, terms = terms_of(
            selection.scope.order_by(None), self.model, selection.effective_sort, selection.sortable, dialect
        )
        self.terms = tuple(terms)
        self.key = [part.expression for part in primary_key(self.model)]
        self.filter = selection.filtered
        self.named = None if selection.sort else selection.named()

    @cached_property
    def segments(self) -> list[Segment]:
        """The parts, in their order."""
        return [part for found, probe in self._searched() for part in self._by_presence(found, probe)]

    @property
    def segment_count(self) -> int:
        """How many those are, without making them."""
        return self.presences * (1 if self.named is None else 2)

    def statement(
        self, segment: int, cursor: Cursor | None, *, backward: bool, limit: int, probing: bool = False
    ) -> sa.Select[Any]:
        """The rows of a segment behind `cursor` (all without), nearest first; `probing` looks only at the next few."""
        part = self.segments[segment]
        directed = [term.reversed() if backward else term for term in part.terms]
        conditions = [c for c in (part.condition, self.filter) if c is not None]
        beyond = [] if cursor is None else [self._beyond(directed, cursor)]
        statement = self.base.where(*beyond)
        if probing:
            statement = self.near(self.next_keys(directed, effort.PROBED, [*part.presence, *beyond]))
            conditions = [c for c in (part.probe, self.filter) if c is not None]
        return (
            statement.where(*conditions)
            .add_columns(*(term.column for term in self.terms))
            .order_by(*(term.ordered(self.dialect) for term in directed))
            .options(*self.options)
            .limit(limit)
        )

    def at(self, offset: int, limit: int) -> sa.Select[Any]:
        """The rows from a position on. Only keys are walked over, never the rows themselves."""
        key = self.key
        conditions = [c for c in (self.selection.searched(self.dialect), self.filter) if c is not None]
        is_named = sa.true() if self.named is None else self.named
        order = [sa.case((is_named, 0), else_=1)] if self.named is not None else []
        order += [term.ordered(self.dialect) for term in self.terms]
        walked = (
            self.base.where(*conditions).with_only_columns(*key, maintain_column_froms=True)
            .order_by(*order).limit(limit).offset(offset).subquery()
        )  # fmt: skip
        joined = sa.and_(*(column == walked.c[column.key] for column in key))
        return (
            self.base.join(walked, joined).add_columns(*(term.column for term in self.terms), is_named)
            .order_by(*order).options(*self.options)
        )  # fmt: skip

    @property
    def stands_alone(self) -> bool:
        """Whether the rows come from the model's own table and no other."""
        return self.selection.is_everyones and not any(term.attribute.path for term in self.terms)

    @property
    def presences(self) -> int:
        """In how many segments each part of the search is read."""
        return 2 if self.terms[0].nullable else 1

    def segment_of(self, values: Sequence[Any], *, is_named: bool) -> int:
        """The segment in which a row with these values of the terms stands."""
        first = self.terms[0]
        start = 0 if is_named or self.named is None else self.presences
        return start + (int((values[0] is None) is first.descending) if first.nullable else 0)

    def _searched(self) -> list[tuple[Any, Any]]:
        """Each part of the search with its probe: rows it names exactly come first, unless an order was asked for."""
        selection = self.selection
        if not selection.search:
            return [(None, None)]
        probe = probed(selection.search, selection.vocabulary) if selection.indexed and self.walks_an_index() else None
        if self.named is not None:
            others = otherwise(self.named)
            found = sa.and_(selection.found(self.dialect), others)
            return [(self.named, None), (found, None if probe is None else sa.and_(probe, others))]
        named = selection.named()
        if probe is not None and named is not None:
            probe = sa.or_(probe, named)
        return [(selection.searched(self.dialect), probe)]

    def _by_presence(self, found: Any, probe: Any) -> list[Segment]:
        """A segment for the rows with a value in the first column of the order, and one for those without."""
        first = self.terms[0]
        if not first.nullable:
            return [Segment(found, self.terms, probe)]
        is_absent, is_present = first.column.is_(sa.null()), first.column.is_not(sa.null())
        absent = Segment(_both(found, is_absent), self.terms[1:], presence=(is_absent,))
        # Said of a column that has a value in all the segment's rows, NULLS LAST would hide its index.
        with_value = (replace(first, nullable=False), *self.terms[1:])
        present = Segment(_both(found, is_present), with_value, probe, (is_present,))
        return [present, absent] if first.descending else [absent, present]

    def walks_an_index(self) -> bool:
        """Whether the next rows of the order cost no more than themselves."""
        column = self.terms[0].attribute.column
        if column is None or self.terms[0].attribute.path or len(self.selection.effective_sort) > 1:
            return False
        key = next(iter(primary_key(self.model))).column
        heads = [next(iter(index.columns), None) for index in getattr(column.table, "indexes", ())]
        return column is key or column in heads or self.terms[0].attribute.unique

    @property
    def is_by_key(self) -> bool:
        """Whether the rows stand in the order of their key, for which nothing else of them is needed."""
        own, names = [part.column for part in primary_key(self.model)], [column.key for column in self.key]
        # Some types are ordered by an expression, which is no column of the key.
        return all(
            not term.attribute.path and term.attribute.column in own and getattr(term.column, "key", None) in names
            for term in self.terms
        )

    def next_keys(self, directed: Sequence[Term], count: int, beyond: Sequence[Any] = ()) -> sa.Select[Any]:
        """The keys of the next rows of the order, whatever they hold."""
        order = (term.ordered(self.dialect) for term in directed)
        rows = self.base.where(*beyond).with_only_columns(*self.key, maintain_column_froms=True)
        return rows.order_by(*order).limit(count)

    def near(self, keys: Any) -> sa.Select[Any]:
        """The rows with the keys of a statement."""
        found = keys.subquery()
        return self.base.join(found, sa.and_(*(column == found.c[column.key] for column in self.key)))

    def _beyond(self, directed: Sequence[Term], cursor: Cursor) -> sa.ColumnElement[bool]:
        """The rows that come after the cursor's. The first term is never NULL on one side only: see segments."""
        values = cursor.values[len(self.terms) - len(directed) :]
        ways: list[Any] = []
        equal: list[Any] = []
        for term, value in zip(directed, values, strict=True):
            bound = sa.literal(value, type_=term.attribute.type) if value is not None else None
            beyond = _after(term, bound)
            if beyond is not None:
                ways.append(sa.and_(*equal, beyond))
            equal.append(term.column.is_(sa.null()) if bound is None else term.column == bound)
        either = sa.or_(sa.false(), *ways)
        if len(directed) == 1 or directed[0].nullable:
            return either
        # Said once more, plainly: from this the databases see the range of the index.
        first = sa.literal(values[0], type_=directed[0].attribute.type)
        column = directed[0].column
        return sa.and_(column <= first if directed[0].descending else column >= first, either)


def _after(term: Term, bound: Any) -> Any:
    """What comes after a value in one term alone; None where nothing can."""
    if bound is None:
        return None if term.descending else term.column.is_not(sa.null())
    if not term.descending:
        return term.column > bound
    return sa.or_(term.column < bound, term.column.is_(sa.null())) if term.nullable else term.column < bound


def _both(one: Any, other: Any) -> Any:
    return other if one is None else sa.and_(one, other)
