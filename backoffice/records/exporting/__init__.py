"""Exporting a selection as a file: from a cursor in the database to the reader, block by block, never all in memory.

| Module | What it does |
|---|---|
| `columns` | what is asked of the database for each column, and how its values become exact texts and numbers |
| `rows` | the rows in blocks, from one snapshot, as plain columns or, where a column needs them, as records |
| `values` | one value, exactly; formulas escaped |
| `csv_file`, `xlsx_file`, `json_lines` | the three files, each from the same blocks |
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from backoffice.records.exporting.columns import Block, Column
from backoffice.records.exporting.csv_file import write_csv
from backoffice.records.exporting.json_lines import write_json_lines
from backoffice.records.exporting.rows import Source, blocks


@dataclass(frozen=True)
class Format:
    """A kind of file; `write` makes its bytes of columns, a title and blocks of exact values."""

    mimetype: str
    write: Callable[[list[Column], str, Iterable[Block]], Iterator[bytes]]


def _write_xlsx(columns: list[Column], title: str, blocks: Iterable[Block]) -> Iterator[bytes]:
    # Loaded with the first workbook: most that serve never write one.
    from backoffice.records.exporting.xlsx_file import write_xlsx

    return write_xlsx(columns, title, blocks)


FORMATS: dict[str, Format] = {
    "csv": Format("text/csv", write_csv),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _write_xlsx),
    "jsonl": Format("application/x-ndjson", write_json_lines),
}


def export(kind: str, source: Source, title: str) -> Generator[bytes]:
    """The bytes of a file of `source`.

    A failure in the middle is raised, so that the server breaks the transfer off: half a file never looks whole.
    Closing the iterator ends the statement in the database at once.
    """
    with closing(blocks(source)) as found:
        yield from FORMATS[kind].write(source.columns, title, found)


__all__ = ["FORMATS", "Column", "Source", "export"]
