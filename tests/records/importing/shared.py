"""How tests have a file read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backoffice.records.importing import Bounds, Layout, Row, detect, rows

SMALL = Bounds(columns=5, rows=100, name=20, cell=1_000, row=2_000, depth=5)


def read(path: Path, bounds: Bounds | None = None) -> list[Row]:
    """The rows of a file, read as another process would: by a layout that was kept as JSON."""
    layout = detect(path, path.name, bounds)
    again = Layout.from_dict(layout.to_dict())
    assert again == layout
    return list(rows(path, again, bounds))


def values(found: list[Row]) -> list[list[Any]]:
    """The cells of rows that have nothing wrong with them."""
    assert [row.problem for row in found if row.problem] == []
    return [list(row.values.values()) for row in found]


def written(path: Path, content: bytes | str) -> Path:
    """The file with this content."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
