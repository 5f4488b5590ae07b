"""Exporting a selection as CSV: row by row from the database to the reader, never all in memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

ROWS_AT_ONCE = 500
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets take UTF-8 for something else


class _Line:
    """What csv.writer writes to: it gives the line back."""

    def write(self, text: str) -> str:
        return text


def csv_lines(
    engine: sa.Engine,
    statement: sa.Select[Any],
    titles: Sequence[str],
    values: Callable[[Any], Sequence[Any]],
) -> Iterator[str]:
    """The lines of a CSV file, on a connection of its own and in one snapshot.

    A failure in the middle is raised, so that the server breaks the transfer off: half a file never looks whole.
    """
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow(titles)
    snapshot = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**snapshot) as connection, Session(connection) as session:
        rows = session.scalars(statement, execution_options={"yield_per": ROWS_AT_ONCE})
        for block in rows.partitions(ROWS_AT_ONCE):
            yield "".join(writer.writerow(values(row)) for row in block)
