"""CSV into records of cells: what RFC 4180 allows and its common dialects, in memory that has a bound.

Python's own reader is not used: it cannot tell a cell with nothing in it from an empty text in quotes, as which our
exports write them; it has one bound on a cell for the whole process, past which it gives up; and it reads on quietly
where a quote closes in the middle of a cell. Here a record beyond a bound is read to its end and told as one problem,
so that no line in the midst of a text is ever taken for a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask_babel import gettext as _

from backoffice.records.importing.bounds import Bounds
from backoffice.records.importing.layouts import too_long_cell, too_long_row

QUOTE = '"'
_LINE_END = re.compile("\r\n?|\n")
_BLANK = re.compile("(?:\r?\n)++")
_QUOTED = re.compile('[^"]*')


@dataclass(slots=True)
class Record:
    """The cells of a record, which begins on the line `number`, counted from 1; None is a cell with nothing in it.

    `count` is how many cells there are, of which only as many are kept as the bounds allow.
    """

    number: int
    cells: list[str | None] = field(default_factory=list)
    count: int = 0
    size: int = field(default=0, compare=False)
    problem: str | None = None


class Records:
    """An iterator over the records of a text that comes in pieces. Empty lines are no records."""

    def __init__(self, pieces: Iterator[str], delimiter: str, bounds: Bounds) -> None:
        self.pieces = pieces
        self.delimiter = delimiter
        self.bounds = bounds
        sign = re.escape(delimiter)
        self.plain = re.compile(f"[^{sign}\r\n]*")
        # A cell with its end in sight: what follows it is the delimiter or the end of the line.
        self.cell = re.compile(f'(?:"([^"]*+(?:""[^"]*+)*+)"|(?!")[^{sign}\r\n]*+)(?=[{sign}\r\n])')
        self.cells = re.compile(f'(?:[^{sign}"\r\n]*{sign})++')
        self.text, self.at = "", 0
        self.line = 1

    def __iter__(self) -> Iterator[Record]:
        """The records in order."""
        while self._more():
            if blank := _BLANK.match(self.text, self.at):
                self.at = blank.end()
                self.line += blank[0].count("\n")
            elif self.text[self.at] == "\r":
                self._end_line()
            else:
                yield self._in_one_piece() or self._cell_by_cell()

    def _more(self) -> bool:
        """Whether there is more text; if so, some of it is at hand."""
        while self.at >= len(self.text):
            piece = next(self.pieces, None)
            if piece is None:
                return False
            self.text, self.at = piece, 0
        return True

    def _in_one_piece(self) -> Record | None:
        """A record that is wholly at hand and within the bounds, with nothing wrong in its quotes: most are."""
        text, at, match = self.text, self.at, self.cell.match
        cells: list[str | None] = []
        breaks = 0
        while found := match(text, at):
            at, quoted = found.end(), found[1]
            if quoted is None:
                cells.append(found[0] or None)
            else:
                cells.append(quoted.replace('""', QUOTE))
                if "\n" in quoted or "\r" in quoted:
                    breaks += len(_LINE_END.findall(quoted))
            if at - found.start() > self.bounds.cell or len(cells) > self.bounds.columns:
                return None
            if text[at] in "\r\n":
                break
            at += 1
        if found is None or at - self.at > self.bounds.row:
            return None
        record = Record(self.line, cells, len(cells))
        self.at = at
        self.line += breaks
        self._end_line()
        return record

    def _end_line(self) -> None:
        """Pass over one end of a line, of which a carriage return and a line feed are one."""
        returned = self.text[self.at] == "\r"
        self.at += 1
        if returned and self._more() and self.text[self.at] == "\n":
            self.at += 1
        self.line += 1

    def _cell_by_cell(self) -> Record:
        record = Record(self.line)
        while True:
            self._cell(record)
            if not self._more():
                return record
            if self.text[self.at] in "\r\n":
                self._end_line()
                return record
            self.at += 1
            if record.count > self.bounds.columns and (found := self.cells.match(self.text, self.at)):
                # Too many in any case: those without quotes need no look at each.
                self.at = found.end()
                record.count += 1
            if not self._more():
                # The text ends behind a delimiter: one more cell, with nothing in it.
                self._add(record, None)
                return record

    def _cell(self, record: Record) -> None:
        if self.text[self.at] == QUOTE:
            self._quoted_cell(record)
            return
        kept = _Kept(self.bounds, record)
        self._run(self.plain, kept)
        self._add(record, kept.text() or None)

    def _quoted_cell(self, record: Record) -> None:
        self.at += 1
        kept = _Kept(self.bounds, record)
        while True:
            self._run(_QUOTED, kept)
            if not self._more():
                record.problem = str(
                    _("The quotation mark that opens here is never closed, and all that follows was taken for one "
                      "cell. Close it, and write a quotation mark within a text twice.")
                )  # fmt: skip
                break
            self.at += 1
            if not self._more() or self.text[self.at] != QUOTE:
                break
            kept.add(QUOTE)
            self.at += 1
        self.line += kept.lines()
        if self._more() and self.text[self.at] not in f"{self.delimiter}\r\n":
            self._run(self.plain, kept)
            record.problem = record.problem or str(
                _("Text follows the closing quotation mark of a cell. Write a quotation mark within a text twice.")
            )
        self._add(record, kept.text())

    def _run(self, pattern: re.Pattern[str], kept: _Kept) -> None:
        """Keep what the pattern takes, over as many pieces as it goes on."""
        while self._more():
            found = pattern.match(self.text, self.at)
            end = found.end() if found else self.at
            kept.add(self.text[self.at : end])
            self.at = end
            if end < len(self.text):
                return

    def _add(self, record: Record, cell: str | None) -> None:
        record.count += 1
        # One more than the columns, to show that there are too many.
        if record.count <= self.bounds.columns + 1:
            record.cells.append(cell)


class _Kept:
    """The text of a cell as far as the bounds go, and how many lines it has in all."""

    def __init__(self, bounds: Bounds, record: Record) -> None:
        self.bounds = bounds
        self.record = record
        self.parts: list[str] = []
        self.size = 0
        self.breaks = 0
        self.returned = False

    def add(self, part: str) -> None:
        """Take some more of the cell."""
        if not part:
            return
        returns = part.count("\r")
        self.breaks += part.count("\n") + returns - (part.count("\r\n") if returns else 0)
        self.breaks -= self.returned and part[0] == "\n"
        self.returned = part[-1] == "\r"
        room = min(self.bounds.cell - self.size, self.bounds.row - self.record.size)
        if len(part) > room and self.record.problem is None:
            is_cell = self.bounds.cell - self.size <= self.bounds.row - self.record.size
            self.record.problem = too_long_cell(self.bounds) if is_cell else too_long_row(self.bounds.row)
        part = part[: max(room, 0)]
        if part:
            self.parts.append(part)
            self.size += len(part)
            self.record.size += len(part)

    def text(self) -> str:
        """What was kept."""
        return "".join(self.parts)

    def lines(self) -> int:
        """How many line ends were passed over."""
        return self.breaks
