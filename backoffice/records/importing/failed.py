"""Rows that were not imported, written back with the reason, to be put right and imported again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import date, time, timedelta
from pathlib import Path
from typing import IO

from backoffice.database.moments import print_moment
from backoffice.records.exporting.csv_file import BYTE_ORDER_MARK, END, quoted
from backoffice.records.exporting.values import escape_formula
from backoffice.records.importing.layouts import REASON, Cell, Row


def write_failed(target: Path | IO[bytes], columns: Sequence[str], failed: Iterable[tuple[Row, str]]) -> int:
    """Write a file of CSV with these rows, each with its reason in the last column; how many there were.

    Cells are as they came, those in no column behind the reason. The file is read like any other, its last column
    passed over.
    """
    count = 0
    with target.open("wb") if isinstance(target, Path) else nullcontext(target) as stream:
        stream.write(failed_head(columns))
        for row, reason in failed:
            stream.write(failed_line(columns, row, reason))
            count += 1
    return count


def failed_head(columns: Sequence[str]) -> bytes:
    """The beginning of such a file: for those who write its lines one by one."""
    return (BYTE_ORDER_MARK + _line([*columns, REASON])).encode()


def failed_line(columns: Sequence[str], row: Row, reason: str) -> bytes:
    """A line of such a file."""
    cells = [*(row.values.get(name) for name in columns), reason, *row.beyond]
    # Half a character cannot be written: it is told as JSON writes it.
    return _line(cells).encode("utf-8", "backslashreplace")


def _line(cells: Sequence[Cell]) -> str:
    return ",".join(map(_written, cells)) + END


def _written(cell: Cell) -> str:
    """A cell as exports write it: a text with its formula escaped, all else in the writing that is read back."""
    match cell:
        case None:
            return ""
        case str():
            return quoted(escape_formula(cell))
        case bool() | list() | dict():
            return quoted(json.dumps(cell, ensure_ascii=False, default=str))
        case date() | time() | timedelta():
            return print_moment(None, cell)
    return str(cell)
