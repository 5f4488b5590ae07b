"""JSON lines: one object a row under the columns' own names, for programs. Exact: no formula is escaped here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from typing import Any

from backoffice.database.attributes import Kind
from backoffice.records.exporting.columns import Block, Column


def write_json_lines(columns: list[Column], _title: str, blocks: Iterable[Block]) -> Iterator[bytes]:
    """The file, block by block."""
    names = [column.name for column in columns]
    makers = [_maker(column) for column in columns]
    for block in blocks:
        rows = zip(*(make(values) for make, values in zip(makers, block, strict=True)), strict=True)
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        if objects:
            yield _lines(objects)


def _lines(objects: Sequence[dict[str, Any]]) -> bytes:
    try:
        return "".join(_line(each, ascii_only=False) for each in objects).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can name and UTF-8 cannot write.
        return "".join(_line(each, ascii_only=True) for each in objects).encode()


def _line(row: dict[str, Any], *, ascii_only: bool) -> str:
    return (ASCII if ascii_only else PLAIN)(row) + "\n"


PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
ASCII = json.JSONEncoder(separators=(",", ":")).encode


def _maker(column: Column) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """How a column's exact values become JSON's own."""
    match column.kind:
        case Kind.BOOLEAN:
            return lambda values: [None if value is None else value == "true" for value in values]
        case Kind.JSON:
            return lambda values: [None if value in (None, "") else json.loads(value) for value in values]
        case Kind.NUMBER:
            # JSON has no number that is none.
            return lambda values: [repr(v) if isinstance(v, float) and not isfinite(v) else v for v in values]
    return lambda values: values
