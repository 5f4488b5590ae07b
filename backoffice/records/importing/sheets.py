"""The cells of a sheet, row by row as they come; what it says of its own size is not asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.records.exporting.xlsx_parts import letters
from backoffice.records.importing.archives import Archive, damaged
from backoffice.records.importing.bounds import Bounds
from backoffice.records.importing.formulas import unescape_formula
from backoffice.records.importing.layouts import Cell, too_long_cell, too_long_row, unkeepable
from backoffice.records.importing.markup import walk
from backoffice.records.importing.quantities import Style, moment_of, number_of
from backoffice.records.importing.workbooks import Run, SharedTexts, Workbook, plain

ADDRESS = re.compile(r"([A-Z]{1,7})([0-9]{1,10})", re.ASCII)
ROW_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(slots=True)
class SheetRow:
    """The cells of a row that hold something, by their places; `beyond` is whether some lie outside the bounds."""

    number: int
    cells: dict[int, Cell] = field(default_factory=dict)
    problem: str | None = None
    beyond: bool = False
    size: int = 0


class Cells:
    """What the contents of cells mean in a workbook."""

    def __init__(self, workbook: Workbook, texts: SharedTexts, bounds: Bounds) -> None:
        self.workbook = workbook
        self.texts = texts
        self.bounds = bounds
        self.readers: dict[str, Callable[[str, int], Cell]] = {
            "n": self._number,
            "s": self._shared,
            "str": lambda content, _style: self._text(plain(content)),
            "inlineStr": lambda content, _style: self._text(plain(content)),
            "b": self._boolean,
            "d": self._moment,
            "e": self._error,
        }

    def value(self, kind: str, content: str, style: int) -> Cell:
        """The value of a cell, None where nothing stands in it; Unreadable says what is wrong with it."""
        if not content.strip() and kind not in ("str", "inlineStr"):
            return None
        if len(content) > self.bounds.cell:
            raise Unreadable(too_long_cell(self.bounds))
        return self.readers.get(kind, self._number)(content, style)

    def _text(self, text: str) -> str:
        if len(text) > self.bounds.cell:
            raise Unreadable(too_long_cell(self.bounds), text)
        if problem := unkeepable(text):
            raise Unreadable(problem, text)
        return unescape_formula(text)

    def _shared(self, content: str, _style: int) -> str:
        try:
            return self._text(self.texts[int(content)])
        except (ValueError, IndexError):
            raise damaged() from None

    def _boolean(self, content: str, _style: int) -> bool:
        if content.strip() not in ("0", "1", "false", "true"):
            raise Unreadable(_("“%(text)s” is neither true nor false.", text=quoted(content)), content)
        return content.strip() in ("1", "true")

    def _error(self, content: str, _style: int) -> Cell:
        raise Unreadable(
            _("The cell holds the error %(error)s. Put it right, or empty it.", error=quoted(content)), content
        )

    def _number(self, content: str, style: int) -> Cell:
        found = number_of(content)
        if found is None:
            raise Unreadable(_("“%(text)s” is no number of a sheet.", text=quoted(content)), content)
        styles = self.workbook.styles
        kind = styles[style] if 0 <= style < len(styles) else Style.NUMBER
        if kind is Style.NUMBER:
            return found
        moment = moment_of(found, kind, is_1904=self.workbook.is_1904)
        if moment is None:
            raise Unreadable(_("The cell is shown as a date, and a spreadsheet's calendar has no day %(number)s.",
                               number=quoted(content)), content)  # fmt: skip
        return moment

    def _moment(self, content: str, _style: int) -> date | datetime:
        try:
            found = datetime.fromisoformat(content.strip())
        except ValueError:
            raise Unreadable(_("“%(text)s” is no date of a sheet.", text=quoted(content)), content) from None
        return found.date() if len(content.strip()) == len("2026-01-31") else found


class Unreadable(Exception):
    """What is wrong with a cell, in words, and what stands in it."""

    def __init__(self, problem: str, raw: Cell = None) -> None:
        super().__init__(problem)
        self.problem = str(problem)
        self.raw = raw


def sheet_rows(archive: Archive, part: str, cells: Cells) -> Generator[SheetRow]:
    """The rows of a sheet that hold something."""
    walker = _Sheet(cells)
    for _piece in walk(archive.pieces(part), walker):
        yield from walker.done
        walker.done.clear()


class _Sheet:
    """Walks through a sheet, and has the rows that are `done` since they were last taken."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.bounds = cells.bounds
        self.done: list[SheetRow] = []
        self.row: SheetRow | None = None
        self.number = 0
        self.blank, self.begun = 0, False
        self.place = -1
        self.cell: _Cell | None = None
        # Addresses end in the row's number; columns that were seen need not be counted out again.
        self.suffix = ""
        self.places: dict[str, int] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.cell is not None:
            self.cell.start(name)
        elif name == "c" and self.row is not None:
            self.place = self._place(attributes.get("r"))
            # Of one outside the bounds it only counts whether anything is in it.
            self.cell = _Cell(attributes, self.bounds) if self.place < self.bounds.columns else None
        elif self.row is not None and name in ("v", "is", "f"):
            self.row.beyond = True
        elif name == "row" and self.row is None:
            self.number = self._number(attributes.get("r"))
            self.row, self.place, self.suffix = SheetRow(self.number), -1, str(self.number)

    def end(self, name: str) -> None:
        if name == "c" and self.cell is not None and self.row is not None:
            self._take(self.row, self.cell)
            self.cell = None
        elif self.cell is not None:
            self.cell.end(name)
        elif name == "row" and self.row is not None:
            if self.row.cells or self.row.problem or self.row.beyond:
                self.done.append(self.row)
                self.begun = True
            else:
                self._pass_over()
            self.row = None

    def text(self, data: str) -> None:
        if self.cell is not None:
            self.cell.run.add(data)

    def _pass_over(self) -> None:
        """Count the rows in which nothing stands: a small file may have millions of them, each sheet anew."""
        self.blank += 1
        most = self.bounds.blank if self.begun else self.bounds.leading
        if self.blank > most:
            raise BadInput(_("The sheet has more than %(most)s rows in which nothing stands. Delete them.",
                             most=f"{most:,}"))  # fmt: skip

    def _number(self, written: str | None) -> int:
        if written is None:
            return self.number + 1
        if not ROW_NUMBER.fullmatch(written) or int(written) <= self.number:
            raise damaged()
        return int(written)

    def _place(self, address: str | None) -> int:
        """The place of a cell, counted from 0; one without an address is the next."""
        if address is None:
            return self.place + 1
        column = address.removesuffix(self.suffix)
        place = self.places.get(column)
        if place is None:
            found = ADDRESS.fullmatch(address)
            if found is None:
                raise damaged()
            place = _place_of(found[1])
            if place < self.bounds.columns:
                self.places[found[1]] = place
        return place

    def _take(self, row: SheetRow, cell: _Cell) -> None:
        """Put what is in a cell into its row."""
        content = cell.run.written()
        if not cell.holds and not cell.formula:
            return
        value: Any = None
        problem: str | None = None
        try:
            if not cell.holds:
                raise Unreadable(_("The formula has no result. Open the file in a spreadsheet and save it anew."))
            value = self.cells.value(cell.kind, content, cell.style)
        except Unreadable as found:
            value, problem = found.raw, found.problem
        if cell.formula and value == "":
            # It shows nothing, and often stands in all rows that are still to be filled.
            value = None
        if self.place in row.cells:
            raise damaged()
        if value is None and problem is None:
            return
        size = len(value) if isinstance(value, str) else 1
        if row.size + size > self.bounds.row:
            row.problem = row.problem or too_long_row(self.bounds.row)
            return
        row.size += size
        row.cells[self.place] = value
        if problem is not None and row.problem is None:
            row.problem = f"{letters(self.place)}{row.number}: {problem}"


def _place_of(column: str) -> int:
    place = 0
    for letter in column:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


class _Cell:
    """A cell as far as it is read: what kind it is of, and what stands in it."""

    __slots__ = ("formula", "holds", "kind", "run", "style")

    def __init__(self, attributes: dict[str, str], bounds: Bounds) -> None:
        self.kind = attributes.get("t", "n")
        style = attributes.get("s")
        self.style = int(style) if style and ROW_NUMBER.fullmatch(style) else 0
        self.run = Run(bounds)
        self.holds = self.formula = False

    def start(self, name: str) -> None:
        """A tag within it begins."""
        if name == "v" and self.kind != "inlineStr":
            self.holds = self.run.taking = True
        elif name == "f":
            self.formula = True
        elif name == "is":
            self.holds = True
        elif self.kind == "inlineStr":
            self.run.start(name)

    def end(self, name: str) -> None:
        """A tag within it ends."""
        if name == "v":
            self.run.taking = False
        else:
            self.run.end(name)
