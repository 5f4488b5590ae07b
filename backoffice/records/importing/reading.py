"""Reading a file in portions, from one chunk of a job to the next, without beginning anew each time.

A worker keeps a file open as long as it goes on where it stood. Another one, or one that is told to do a chunk again
that lies further back, reads the file from its beginning and passes over what is known.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

from backoffice.database.moments import print_moment
from backoffice.records.importing import rows
from backoffice.records.importing.bounds import Bounds
from backoffice.records.importing.layouts import Cell, Layout, Row, too_long_row, without_halves

# Files that one process keeps open; who comes back to a closed one begins anew.
MOST_OPEN = 8
# What is left of a long text in a row that is too long to be kept.
CUT = 1_000


class Reader:
    """The rows of one file, portion by portion; what was read last is still at hand."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.layout = path, layout
        self._begin()

    def read(self, start: int, count: int) -> list[Row]:
        """At most `count` rows from `start` on, the first being 0."""
        if start < self._start:
            self.close()
            self._begin()
        known = min(start - self._start, len(self._held))
        del self._held[:known]
        self._start += known
        while self._start < start and next(self._rows, None) is not None:
            self._start += 1
        while self._start == start and len(self._held) < count and (row := next(self._rows, None)) is not None:
            self._held.append(row)
        return self._held[:count]

    def close(self) -> None:
        """Let go of the file."""
        close = getattr(self._rows, "close", None)
        if close is not None:
            close()

    def _begin(self) -> None:
        self._rows: Iterator[Row] = rows(self.path, self.layout)
        # The place of the first row that is held, or else of the one that comes next.
        self._start = 0
        self._held: list[Row] = []


class Readers:
    """The files that this process has open, by the job that reads them."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, int], Reader] = OrderedDict()
        self._lock = Lock()

    def read(self, job: tuple[str, int], path: Path, layout: Layout, start: int, count: int) -> list[Row]:
        """The same as Reader.read; nobody else has the reader meanwhile."""
        with self._lock:
            reader = self._open.pop(job, None)
        reader = reader or Reader(path, layout)
        try:
            found = reader.read(start, count)
        except BaseException:
            reader.close()
            raise
        with self._lock:
            self._open[job] = reader
            closed = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MOST_OPEN)]
        for each in closed:
            each.close()
        return found

    def end(self, job: tuple[str, int]) -> None:
        """The job needs its file no longer."""
        with self._lock:
            reader = self._open.pop(job, None)
        if reader is not None:
            reader.close()


readers = Readers()


def kept_row(row: Row, bounds: Bounds) -> Row:
    """The row with its cells as JSON keeps them; of one beyond the bound, told as wrong, they are cut."""
    values = {name: kept_cell(cell) for name, cell in row.values.items()}
    beyond = tuple(kept_cell(cell) for cell in row.beyond)
    if written_size([values, beyond]) <= bounds.kept:
        return Row(row.number, values, row.problem, beyond)
    values = {name: _cut(cell) for name, cell in values.items()}
    beyond = tuple(map(_cut, beyond[: bounds.columns]))
    return Row(row.number, values, row.problem or too_long_row(bounds.kept), beyond)


def written_size(kept: Any) -> int:
    """How many characters it takes where it is written as JSON."""
    return len(json.dumps(kept, ensure_ascii=False))


def _cut(cell: Any) -> Any:
    if isinstance(cell, (list, dict)):
        cell = json.dumps(cell, ensure_ascii=False)
    return cell[:CUT] + "…" if isinstance(cell, str) and len(cell) > CUT else cell


def kept_cell(cell: Cell) -> Any:
    """A cell as JSON keeps it: what JSON does not have becomes the text that a file of failed rows would hold.

    Halves of characters, which no database takes, are replaced: of a row that is told as wrong the rest is still shown.
    """
    match cell:
        case str():
            return without_halves(cell)
        case list():
            return [kept_cell(each) for each in cell]
        case dict():
            return {kept_cell(name): kept_cell(each) for name, each in cell.items()}
        case Decimal():
            return str(cell)
        case date() | time() | timedelta():
            return print_moment(None, cell)
        case float() if cell != cell or cell in (float("inf"), float("-inf")):
            return repr(cell)
    return cell
