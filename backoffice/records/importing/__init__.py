"""Reading a file of rows that somebody wants to import: what it is, and its rows one after another.

Files come from anywhere. Whatever they hold, they are read in memory that does not grow with them, and what cannot be
read is told: a row by its `problem`, with which reading goes on, the whole file by a BadInput.

| Module | What it does |
|---|---|
| `bounds` | how much is taken |
| `layouts` | what a file is found to be, its columns, a row |
| `encodings`, `delimited`, `csv_file` | text in which encoding, its cells, its columns and rows |
| `json_lines` | an object a line |
| `archives`, `markup` | zips and XML that nobody vouches for |
| `workbooks`, `sheets`, `quantities`, `merges`, `xlsx_file` | sheets, their cells, numbers and days |
| `formulas` | texts as they were before an export escaped them |
| `failed` | rows that were not imported, written back with the reason |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flask_babel import gettext as _

from backoffice.errors import BadInput
from backoffice.records.importing.bounds import Bounds
from backoffice.records.importing.csv_file import csv_layout, csv_rows, opening
from backoffice.records.importing.encodings import encoding_of
from backoffice.records.importing.failed import failed_head, failed_line, write_failed
from backoffice.records.importing.json_lines import json_layout, json_rows
from backoffice.records.importing.layouts import REASON, Cell, FileKind, Layout, Row, nothing_in_it

ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Of what is no table, what people pick by mistake. All else of this kind is no text, and refused as that.
OTHERS = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF-",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"{\\rtf",
    b"SQLite format",
)
JSON_ENDINGS = ("jsonl", "ndjson", "json")
_MARKUP = re.compile(r"<[a-z!?/]", re.IGNORECASE)
_OBJECT = re.compile(r'\{\s*(?:"|\})')


def detect(path: Path, filename: str, bounds: Bounds | None = None, *, sheet: str | None = None) -> Layout:
    """What a file is and how to read it; a BadInput says why it cannot be read and what to do.

    The content decides. The name only helps where the content could be either. `sheet` is a sheet of a workbook that
    was chosen from the `sheets` of an earlier layout.
    """
    bounds = bounds or Bounds()
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise BadInput(_("The file is empty."))
    if head.startswith(ZIPS):
        # Loaded with the first workbook: most that serve never read one.
        from backoffice.records.importing.xlsx_file import xlsx_layout

        return xlsx_layout(path, bounds, sheet)
    if head.startswith(COMPOUND):
        raise BadInput(
            _("This is a workbook of old Excel (.xls), or one with a password. Open it in a spreadsheet and save it as "
              ".xlsx, without a password.")
        )  # fmt: skip
    if head.startswith(OTHERS):
        raise _not_taken()
    encoding = encoding_of(path)
    beginning = opening(path, encoding)
    if not beginning:
        raise nothing_in_it()
    if _MARKUP.match(beginning):
        raise _not_taken()
    ending = filename.rpartition(".")[2].lower()
    if ending in JSON_ENDINGS and beginning.startswith("["):
        raise BadInput(
            _("This is one list of JSON. Write one object in each line instead (JSON lines), without brackets and "
              "commas around them.")
        )  # fmt: skip
    if ending in JSON_ENDINGS or (ending != "csv" and _OBJECT.match(beginning)):
        return json_layout(path, encoding, bounds)
    return csv_layout(path, encoding, bounds)


def rows(path: Path, layout: Layout, bounds: Bounds | None = None) -> Iterator[Row]:
    """The rows of a file, one by one, as `detect` found it. Those in which nothing stands are passed over."""
    return _READERS[layout.kind](path, layout, bounds or Bounds())


def _xlsx_rows(path: Path, layout: Layout, bounds: Bounds) -> Iterator[Row]:
    # As in `detect`.
    from backoffice.records.importing.xlsx_file import xlsx_rows

    return xlsx_rows(path, layout, bounds)


_READERS = {FileKind.CSV: csv_rows, FileKind.XLSX: _xlsx_rows, FileKind.JSON_LINES: json_rows}


def _not_taken() -> BadInput:
    return BadInput(_("This is no table. Files of CSV, Excel (.xlsx) and JSON lines are taken."))


__all__ = [
    "REASON",
    "Bounds",
    "Cell",
    "FileKind",
    "Layout",
    "Row",
    "detect",
    "failed_head",
    "failed_line",
    "rows",
    "write_failed",
]
