"""XLSX, sent while it is made: a zip whose sheets are written straight from the rows, in constant memory.

Libraries that write workbooks hand the file over when it is whole: of a million articles, after a minute and more in
which nothing is sent. What a file of rows takes is little: cells, rows, sheets, and a zip that never goes back.

| Value | Cell |
|---|---|
| text | text, formulas escaped |
| number | a number up to 15 digits, which is what spreadsheets keep; with more, text |
| boolean | a boolean |
| day | a day from March 1900 on, text before: Excel's calendar has a 29 February 1900 |
| moment, time, interval | text: Excel rounds to thousandths of a second and knows no time zone |
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import count
from typing import IO

from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice.database.attributes import Kind
from backoffice.records.exporting import xlsx_parts as parts
from backoffice.records.exporting.columns import Block, Column
from backoffice.records.exporting.xlsx_cells import Cells

# What a sheet may hold: rows by Excel's own bound, bytes so that the zip stays one that every reader opens.
MOST_ROWS = 1_048_576
MOST_BYTES = 1_500_000_000
# Strong enough for a tenth of the size; more would take most of the time.
COMPRESSION = 1


def write_xlsx(columns: list[Column], title: str, blocks: Iterable[Block]) -> Iterator[bytes]:
    """The file, block by block, on as many sheets as the rows take; its first bytes come before the first row."""
    pipe = _Pipe()
    with closing(_Workbook(pipe, columns, title)) as workbook:
        yield pipe.taken()
        for block in blocks:
            workbook.add(block)
            if written := pipe.taken():
                yield written
        workbook.finish()
    yield pipe.taken()


class _Pipe:
    """What the zip is written to: it cannot go back, and gives out what has come since."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.chunks.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is held here."""

    def taken(self) -> bytes:
        chunks, self.chunks = self.chunks, []
        return b"".join(chunks)


class _Workbook:
    """The workbook as far as it is written."""

    def __init__(self, pipe: _Pipe, columns: list[Column], title: str) -> None:
        self.title = title
        self.headings = [column.title for column in columns]
        self.cells = [Cells(parts.letters(i), c.kind, typed=c.is_typed) for i, c in enumerate(columns)]
        self.names: list[str] = []
        self.sheet: IO[bytes] | None = None
        self.rows = self.bytes = 0
        self.archive = zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION)
        self._write_parts(parts.FIRST_PARTS)
        self._begin_sheet(self._free_name(title))

    def add(self, block: Block) -> None:
        """Write a block, on a new sheet from where it does not fit on this one."""
        done, rows = 0, len(block[0])
        while done < rows:
            if self.rows >= MOST_ROWS or self.bytes >= MOST_BYTES:
                self._begin_sheet(self._free_name(self.title))
            some = min(rows - done, MOST_ROWS - self.rows)
            self._write_rows([values[done : done + some] for values in block], some)
            done += some

    def finish(self) -> None:
        """Write the end: what had to be cut, and the workbook itself."""
        if cut := sum(cells.cut for cells in self.cells):
            self._begin_sheet(self._free_name(_("Note")), headings=[_note(cut)])
        self._end_sheet()
        self._write_parts(parts.last_parts(self.names))

    def close(self) -> None:
        """Let the zip go, finished or not."""
        if self.sheet is not None:
            self.sheet.close()
        self.archive.close()

    def _free_name(self, title: str) -> str:
        """The title, numbered until no other sheet has it: Excel refuses two that differ in capitals alone."""
        taken = {name.casefold() for name in self.names}
        names = (parts.sheet_name(title, number) for number in count(1))
        return next(name for name in names if name.casefold() not in taken)

    def _write_rows(self, block: Block, number: int) -> None:
        numbers = range(self.rows + 1, self.rows + number + 1)
        columns = [map(c.write, values, numbers) for c, values in zip(self.cells, block, strict=True)]
        rows = zip(numbers, map("".join, zip(*columns, strict=True)), strict=True)
        self._write("".join(f'<row r="{n}">{row}</row>' for n, row in rows))
        self.rows += number

    def _begin_sheet(self, name: str, headings: list[str] | None = None) -> None:
        self._end_sheet()
        self.names.append(name)
        self.sheet = self.archive.open(parts.sheet_part(len(self.names)), "w")
        self.rows = self.bytes = 0
        heads = [Cells(parts.letters(i), Kind.TEXT, typed=True).text(t, 1, parts.BOLD)
                 for i, t in enumerate(headings or self.headings)]  # fmt: skip
        self._write(f'{parts.SHEET_BEGINNING}<row r="1">{"".join(heads)}</row>')
        self.rows = 1

    def _end_sheet(self) -> None:
        if self.sheet is not None:
            self._write(parts.SHEET_END)
            self.sheet.close()
            self.sheet = None

    def _write(self, text: str) -> None:
        assert self.sheet is not None  # noqa: S101 - written to between the beginning and the end of a sheet
        self.bytes += self.sheet.write(text.encode())

    def _write_parts(self, named: dict[str, str]) -> None:
        for name, text in named.items():
            self.archive.writestr(name, text)


def _note(cut: int) -> str:
    return str(
        ngettext(
            "%(num)s text is longer than a cell can hold and ends in “…”. It is whole in a CSV or JSON lines file.",
            "%(num)s texts are longer than a cell can hold and end in “…”. They are whole in a CSV or JSON lines file.",
            cut,
        )
    )
