"""CSV: its delimiter, its columns and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from flask_babel import gettext as _

from backoffice.errors import BadInput
from backoffice.records.importing.bounds import Bounds
from backoffice.records.importing.delimited import Record, Records
from backoffice.records.importing.encodings import pieces
from backoffice.records.importing.formulas import unescape_formula
from backoffice.records.importing.layouts import (
    FileKind,
    Header,
    Layout,
    Row,
    nothing_in_it,
    read_header,
    too_many_columns,
    too_many_rows,
    unkeepable,
)

DELIMITERS = (",", ";", "\t", "|")
# How much of a file tells how its cells are parted.
TELLING_PIECES, TELLING_RECORDS = 4, 50


def csv_layout(path: Path, encoding: str, bounds: Bounds) -> Layout:
    """How to read a file of CSV in this encoding."""
    delimiter = _delimiter(path, encoding, bounds)
    header = _header(iter(Records(pieces(path, encoding), delimiter, bounds)), bounds)
    return Layout(FileKind.CSV, tuple(header.places.values()), encoding, delimiter,
                  ignored=tuple(header.ignored.values()))  # fmt: skip


def csv_rows(path: Path, layout: Layout, bounds: Bounds) -> Iterator[Row]:
    """The rows below the header; those in which nothing stands are passed over."""
    records = iter(Records(pieces(path, layout.encoding), layout.delimiter, bounds))
    header = _header(records, bounds)
    if tuple(header.places.values()) != layout.columns:
        raise BadInput(_("The file is not the one that was looked at. Upload it again."))
    for count, record in enumerate(records):
        if count >= bounds.rows:
            raise too_many_rows(bounds)
        if record.problem or any(cell is not None for cell in record.cells):
            yield _row(record, header)


def _header(records: Iterator[Record], bounds: Bounds) -> Header:
    record = next(records, None)
    if record is None:
        raise nothing_in_it()
    if record.count > bounds.columns + 1:
        raise too_many_columns(bounds)
    if record.problem:
        raise BadInput(
            _("The first row cannot be read as column names (line %(line)s). %(problem)s",
              line=record.number, problem=record.problem)
        )  # fmt: skip
    return read_header({place: unescape_formula(cell or "") for place, cell in enumerate(record.cells)}, bounds)


def _row(record: Record, header: Header) -> Row:
    problem = record.problem
    cells: list[str | None] = []
    for cell in record.cells:
        cells.append(unescape_formula(cell) if cell else cell)
        if problem is None and cell and "\0" in cell:
            problem = unkeepable(cell)
    if problem is None and record.count < header.width:
        problem = _("It has %(cells)s cells, fewer than the %(columns)s columns.",
                    cells=record.count, columns=header.width)  # fmt: skip
    if problem is None and record.count > len(record.cells):
        problem = _("It has %(cells)s cells, more than the %(columns)s columns.",
                    cells=record.count, columns=header.width)  # fmt: skip
    return header.row(record.number, dict(enumerate(cells)), problem)


def _delimiter(path: Path, encoding: str, bounds: Bounds) -> str:
    """What parts the cells: that by which most records have as many cells as the first, and then the most."""
    text = list(islice(pieces(path, encoding), TELLING_PIECES))
    whole = len(text) < TELLING_PIECES
    best, best_score = DELIMITERS[0], (0.0, 0)
    for delimiter in DELIMITERS:
        found = list(islice(Records(iter(text), delimiter, bounds), TELLING_RECORDS))
        if not whole and len(found) > 1:
            # The last one may go on in what was left out.
            found.pop()
        if not found or found[0].count < 2:
            continue
        alike = sum(each.count == found[0].count and not each.problem for each in found)
        score = alike / len(found), found[0].count
        if score > best_score:
            best, best_score = delimiter, score
    return best


def opening(path: Path, encoding: str) -> str:
    """The first of the text that is not blank, as far as it tells what the text is."""
    return next((piece.lstrip() for piece in chain(pieces(path, encoding), [""]) if piece.strip()), "")
