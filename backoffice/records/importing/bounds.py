"""How much of a file is read: what stays below is read in constant memory, what goes beyond is refused in words."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Bounds:
    """The most that is taken of each.

    `cell` and `row` are characters. `kept` are those of a row's cells as JSON writes them, since a dry run keeps them
    in one statement, of which MariaDB takes 16 MB as a rule. The rest is about zips: a workbook is one, and a small
    file may claim to hold terabytes. `unpacked` are the bytes of all parts together, `ratio` how many times larger a
    part may be than it is packed, `parts` how many of them there may be.
    `leading` and `blank` are rows of a sheet in which nothing stands: above its first row, and in all.
    """

    columns: int = 200
    rows: int = 1_000_000
    name: int = 200
    cell: int = MEGABYTE
    row: int = 8 * MEGABYTE
    kept: int = 1_000_000
    depth: int = 50
    unpacked: int = 512 * MEGABYTE
    ratio: int = 200
    parts: int = 2_000
    sheets: int = 255
    leading: int = 10_000
    blank: int = MEGABYTE
