"""One page of a list, wherever one is: from the start, after or before a row, from the end, or at a position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.database.cursors import Cursor, Cursors
from backoffice.database.first_hits import FirstHits
from backoffice.database.keyset import Keyset
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.database.time_limits import TooBroad, go_on_reading, limited
from backoffice.errors import BadInput

LARGEST = 10**12
# A page that took more statements than these is not counted as well: a list has five at most.
MOST_BEFORE_COUNTING = 2


@dataclass(frozen=True)
class Place:
    """Where in a list one asks to be: at most one of these. Nothing is the start; positions count from 1."""

    after: str = ""
    before: str = ""
    position: int = 0
    last: bool = False


@dataclass(frozen=True)
class Window:
    """The rows of one page; cursors are empty at ends.

    `first` is the position of the first row, where it is known; negative where it is known from the end, -1 being the
    last row. `noted` says that it was known when the link was made: rows may have come and gone since.
    `found` is how many rows there are in all, where finding the page has told it.
    `seen` is how many were found to be there, at least, on the way.
    `was_dear` says that finding it took so many statements that it should not be counted as well.
    """

    rows: Sequence[Any]
    first: int | None
    has_previous: bool
    has_next: bool
    before: str = ""
    after: str = ""
    found: int | None = None
    seen: int = 0
    was_dear: bool = False
    noted: bool = False

    @property
    def last(self) -> int | None:
        """The position of the last row, where it is known; counted like `first`."""
        return None if self.first is None else self.first + len(self.rows) - 1


class Reader:
    """Reads pages of one selection, each stopped after `seconds`, however many statements it takes."""

    def __init__(
        self,
        session: Session,
        selection: Selection,
        *,
        secret: str,
        per_page: int,
        seconds: float,
        options: Sequence[Any] = (),
        within: str = "",
    ) -> None:
        self.session, self.per_page, self.seconds = session, per_page, seconds
        self.keyset = Keyset(selection, session.get_bind().dialect.name, options)
        order = ",".join(map(str, selection.effective_sort))
        table = sa.inspect(selection.vocabulary.model).local_table
        # A mark of another search or filter, or of another record's panel (`within`), would tell a wrong position.
        asked = selection.args()
        purpose = f"{table} {order} {self.keyset.segment_count} {asked.get('search')} {asked.get('where')} {within}"
        self._asked, self._began = 0, monotonic()
        self.cursors = Cursors(secret, purpose, self.keyset.terms)

    def read(self, place: Place) -> Window:
        """The page at a place. Where no row is left there, the nearest page that has some."""
        self._asked, self._began = 0, monotonic()
        if place.after:
            return self._after(self.cursors.open(place.after))
        if place.before:
            return self._before(self.cursors.open(place.before))
        if place.last:
            return self._last()
        return self._at(place.position) if place.position > 1 else self._start()

    def next_to(self, cursor: Cursor, *, backward: bool) -> Any | None:
        """The one row before or after a place; None at the end."""
        self._asked, self._began = 0, monotonic()
        found = self._collect(cursor, backward=backward, wanted=1)
        return found[0][1][0] if found else None

    def _start(self) -> Window:
        if FirstHits.serves(self.keyset):
            hits = FirstHits(self.keyset, self._execute, self.per_page + 1).read()
            found = self._in_segments(hits.rows)
            window = self._window(found[: self.per_page], 1, has_previous=False, has_next=len(found) > self.per_page)
            # Where the index could not count them in time, nothing else will.
            return replace(window, found=hits.total, seen=hits.seen, was_dear=hits.total is None)
        found = self._collect(None, backward=False)
        return self._window(found[: self.per_page], 1, has_previous=False, has_next=len(found) > self.per_page)

    def _after(self, cursor: Cursor) -> Window:
        found = self._collect(cursor, backward=False)
        if not found:
            return self._last()
        first = _moved(cursor.at, 1)
        window = self._window(found[: self.per_page], first, has_previous=True, has_next=len(found) > self.per_page)
        return replace(window, noted=True)

    def _before(self, cursor: Cursor) -> Window:
        found = self._collect(cursor, backward=True)
        if len(found) <= self.per_page:
            return self._start()
        rows = found[: self.per_page][::-1]
        first = _moved(cursor.at, -len(rows))
        return replace(self._window(rows, first, has_previous=True, has_next=True), noted=True)

    def _last(self) -> Window:
        found = self._collect(None, backward=True)
        if len(found) <= self.per_page:
            return self._start()
        rows = found[: self.per_page][::-1]
        return self._window(rows, -len(rows), has_previous=True, has_next=False)

    def _at(self, position: int) -> Window:
        found = self._in_segments(self._execute(self.keyset.at(position - 1, self.per_page + 1)))
        if not found:
            return self._last()
        return self._window(found[: self.per_page], position, has_previous=True, has_next=len(found) > self.per_page)

    def _in_segments(self, rows: Sequence[Any]) -> list[tuple[int, Any]]:
        """Rows whose last column says whether the search names them, each with its segment."""
        return [(self.keyset.segment_of(row[1:], is_named=bool(row[-1])), row[:-1]) for row in rows]

    def _collect(self, cursor: Cursor | None, *, backward: bool, wanted: int = 0) -> list[tuple[int, Any]]:
        """One row more than a page (or so many as are `wanted`), nearest first, each with its segment; segment by
        segment until there are enough."""
        wanted = wanted or self.per_page + 1
        order = range(len(self.keyset.segments))
        if cursor is not None:
            order = range(cursor.segment, -1, -1) if backward else range(cursor.segment, len(self.keyset.segments))
        elif backward:
            order = range(len(self.keyset.segments) - 1, -1, -1)
        found: list[tuple[int, Any]] = []
        for segment in order:
            start = cursor if cursor is not None and segment == cursor.segment else None
            found += [(segment, row) for row in self._rows(segment, start, backward, wanted - len(found))]
            if len(found) >= wanted:
                break
        return found

    def _rows(self, segment: int, cursor: Cursor | None, backward: bool, limit: int) -> list[Any]:
        def ask(*, probing: bool) -> list[Any]:
            statement = self.keyset.statement(segment, cursor, backward=backward, limit=limit, probing=probing)
            return self._execute(statement)

        near = ask(probing=True) if self.keyset.segments[segment].probe is not None else []
        return near if len(near) == limit else ask(probing=False)

    def _execute(self, statement: sa.Select[Any], seconds: float | None = None) -> list[Any]:
        """A statement's rows; TooBroad after what is left of the list's time, or `seconds`, where reading goes on."""
        self._asked += 1
        left = self._left()
        if seconds is None or seconds >= left:
            return list(self.session.execute(limited(statement, left)).unique())
        try:
            return list(self.session.execute(limited(statement, seconds)).unique())
        except TooBroad:
            go_on_reading(self.session)
            raise

    def _left(self) -> float:
        """What is left of the list's time; nearly all of it counts as all, which PostgreSQL then need not be told."""
        spent = monotonic() - self._began
        if spent >= self.seconds:
            raise TooBroad
        return self.seconds if spent < self.seconds / 20 else self.seconds - spent

    def _window(
        self, found: Sequence[tuple[int, Any]], first: int | None, *, has_previous: bool, has_next: bool
    ) -> Window:
        def seal(index: int, at: int | None) -> str:
            segment, row = found[index]
            return self.cursors.seal(Cursor(tuple(row[1:]), segment, at))

        last = None if first is None else first + len(found) - 1
        return Window(
            [row[0] for _segment, row in found],
            first,
            has_previous,
            has_next,
            before=seal(0, first) if has_previous and found else "",
            after=seal(-1, last) if has_next and found else "",
            was_dear=self._asked > MOST_BEFORE_COUNTING,
        )


def read_place(read: Callable[[str], str], per_page: int) -> Place:
    """The place an address asks for: `read` gives its arguments; BadInput where two of them disagree."""
    given = [name for name in ("after", "before", "page", "position", "last") if read(name)]
    if len(given) > 1:
        raise BadInput(_("An address can name one place in the list only, not both %(one)s and %(other)s.",
                         one=given[0], other=given[1]))  # fmt: skip
    page, position = read("page"), read("position")
    return Place(
        read("after"),
        read("before"),
        position=(_number(page) - 1) * per_page + 1 if page else _number(position) if position else 0,
        last=bool(read("last")),
    )


def _moved(at: int | None, by: int) -> int | None:
    """A position so many rows on; None where it would lie beyond the end it counts from, as rows have come since."""
    moved = None if at is None else at + by
    return moved if at is not None and moved is not None and at * moved > 0 else None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and 1 <= int(text) <= LARGEST):
        raise BadInput(
            _("“%(page)s” is not a place in the list. Pages and rows are numbered from 1.", page=quoted(text))
        )
    return int(text)
