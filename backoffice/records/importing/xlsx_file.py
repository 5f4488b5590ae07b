"""XLSX: which sheet is read, its columns and its rows.

Read by the standard library's zip and Expat, in pieces. Libraries were tried first, on files made to be awkward. Of
python-calamine, two cells far from each other in a file of 1 kB took 1 GB, and farther from each other ended the
process: it lays a sheet out as a rectangle, and its numbers are floats. openpyxl reads row by row, but holds all shared
texts in memory, fills rows up to the farthest cell, and has no bound on what a zip unpacks to. What an import needs of
the format is little: rows, cells, texts, and which numbers are days.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flask_babel import gettext as _

from backoffice.errors import BadInput
from backoffice.records.importing.archives import Archive, opened
from backoffice.records.importing.bounds import Bounds
from backoffice.records.importing.layouts import (
    FileKind,
    Header,
    Layout,
    Row,
    read_header,
    too_many_columns,
    too_many_rows,
)
from backoffice.records.importing.merges import Merges
from backoffice.records.importing.sheets import Cells, SheetRow, sheet_rows
from backoffice.records.importing.workbooks import SharedTexts, Sheet, Workbook, read_workbook


def xlsx_layout(path: Path, bounds: Bounds, sheet: str | None = None) -> Layout:
    """How to read a workbook: the sheet of that name, or the first on which something stands. Hidden ones are not."""
    with _opened(path, bounds) as (archive, workbook, cells):
        visible = _visible(workbook)
        if len(visible) > bounds.sheets:
            raise BadInput(_("The workbook has more than %(most)s sheets. Divide it into several files.",
                             most=bounds.sheets))  # fmt: skip
        names = tuple(each.name for each in visible)
        if sheet is not None and sheet not in names:
            raise _no_such_sheet()
        # Sheets may share a part, which is as empty the second time.
        parts: dict[str, Sheet] = {}
        for each in visible:
            if sheet in (None, each.name):
                parts.setdefault(each.part, each)
        for each in parts.values():
            with closing(sheet_rows(archive, each.part, cells)) as found:
                first = next(found, None)
            if first is not None:
                header = _header(first, bounds)
                return Layout(FileKind.XLSX, tuple(header.places.values()), sheet=each.name, sheets=names,
                              ignored=tuple(header.ignored.values()))  # fmt: skip
    if sheet is not None:
        raise BadInput(_("Nothing stands on this sheet. It has to begin with a row of column names."))
    raise BadInput(_("Nothing stands on the sheets of this workbook. Hidden sheets are not read: unhide them first."))


def xlsx_rows(path: Path, layout: Layout, bounds: Bounds) -> Iterator[Row]:
    """The rows below the header; those in which nothing stands are passed over."""
    with _opened(path, bounds) as (archive, workbook, cells):
        sheet = next((each for each in _visible(workbook) if each.name == layout.sheet), None)
        if sheet is None:
            raise _no_such_sheet()
        with closing(sheet_rows(archive, sheet.part, cells)) as found:
            first = next(found, None)
            header = _header(first, bounds) if first else None
            if header is None or tuple(header.places.values()) != layout.columns:
                raise BadInput(_("The file is not the one that was looked at. Upload it again."))
            merges = Merges(archive, sheet.part)
            for count, row in enumerate(found):
                if count >= bounds.rows:
                    raise too_many_rows(bounds)
                yield _row(row, header, merges)


@contextmanager
def _opened(path: Path, bounds: Bounds) -> Generator[tuple[Archive, Workbook, Cells]]:
    with opened(path, bounds) as archive:
        workbook = read_workbook(archive)
        with closing(SharedTexts(archive, workbook.shared, bounds)) as texts:
            yield archive, workbook, Cells(workbook, texts, bounds)


def _visible(workbook: Workbook) -> list[Sheet]:
    """The sheets that are shown; Excel knows no two of one name."""
    by_name = {sheet.name: sheet for sheet in reversed(workbook.sheets) if not sheet.is_hidden}
    return list(reversed(by_name.values()))


def _header(row: SheetRow, bounds: Bounds) -> Header:
    if row.beyond:
        raise too_many_columns(bounds)
    if row.problem:
        raise BadInput(_("The first row cannot be read as column names (row %(row)s). %(problem)s",
                         row=row.number, problem=row.problem))  # fmt: skip
    return read_header(row.cells, bounds)


def _row(row: SheetRow, header: Header, merges: Merges) -> Row:
    problem = row.problem or merges.problem(row.number)
    if row.beyond and problem is None:
        problem = _("Some of its cells are in no column: only cells below a column's name are taken.")
    return header.row(row.number, row.cells, problem)


def _no_such_sheet() -> BadInput:
    return BadInput(_("The workbook has no such sheet, or it is hidden."))
