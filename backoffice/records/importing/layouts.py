"""What a file is found to be, and what its rows are handed over as."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _

from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.records.importing.bounds import Bounds

# Of CSV only texts and None; lists and objects only of JSON lines, whose columns of JSON are exported so.
Cell = str | int | float | Decimal | bool | date | datetime | time | timedelta | list[Any] | dict[str, Any] | None

# The column that tells why a row was not imported. A file that has it is one of ours, to be read again without it.
REASON = "reason"
_HALF = re.compile("[\ud800-\udfff]")


class FileKind(StrEnum):
    """The kinds of files that are read."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON_LINES = "jsonl"


@dataclass(frozen=True)
class Layout:
    """How to read a file: found once, kept as JSON, so that another process reads the file the same way.

    `encoding` and `delimiter` are a text's. `sheet` is the sheet that is read, `sheets` are all that could be.
    `ignored` are columns that are passed over: the `REASON` of a file of failed rows.
    """

    kind: FileKind
    columns: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The layout in JSON's own types."""
        return {name: list(value) if isinstance(value, tuple) else str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Layout:
        """The layout that `to_dict` wrote."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()
        }
        return cls(**values | {"kind": FileKind(kept["kind"])})


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` is what the person sees beside it: the sheet's row, or the line where it begins.

    `values` has its cells by their columns; None is a cell with nothing in it, `""` an empty text. JSON may leave
    columns out. With a `problem`, the row is not what it should be: then `values` is what could be read of it, and
    `beyond` what belongs to no column.
    """

    number: int
    values: dict[str, Cell] = field(default_factory=dict)
    problem: str | None = None
    beyond: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Header:
    """The columns of a table by their places, counted from 0; what `ignored` holds is passed over."""

    places: dict[int, str]
    ignored: dict[int, str]

    @property
    def width(self) -> int:
        """How many cells a row has at least."""
        return max(self.places) + 1

    def row(self, number: int, cells: Mapping[int, Cell], problem: str | None = None) -> Row:
        """The row of these cells, by their places; a place that is missing has nothing in it."""
        beyond = tuple(
            cell
            for place, cell in sorted(cells.items())
            if cell is not None and place not in self.places and place not in self.ignored
        )
        if beyond and problem is None:
            problem = _("Some of its cells are in no column: only cells below a column's name are taken.")
        values = {name: cells.get(place) for place, name in self.places.items()}
        return Row(number, values, problem, beyond)


def read_header(cells: Mapping[int, Any], bounds: Bounds) -> Header:
    """The columns that the first row names, by the places of its cells.

    Names end where the last one stands: a spreadsheet writes empty cells behind it. One that is missing in between,
    or given twice, would leave open which values are meant.
    """
    named = {place: str(cell).strip() for place, cell in sorted(cells.items()) if cell is not None}
    named = {place: name for place, name in named.items() if name}
    if not named:
        raise nothing_in_it()
    ignored = {place: name for place, name in list(named.items())[1:][-1:] if name == REASON}
    places = {place: name for place, name in named.items() if place not in ignored}
    for place in range(min(cells), max(places)):
        if place not in places:
            raise BadInput(_("Column %(number)s has no name. Write one into the first row.", number=place + 1))
    check_names(list(places.values()), bounds)
    return Header(places, ignored)


def check_names(names: Sequence[str], bounds: Bounds) -> None:
    """Refuse names that are too many, too long or not distinct."""
    if len(names) > bounds.columns:
        raise too_many_columns(bounds)
    for name in names:
        if not name.strip() or len(name) > bounds.name or unkeepable(name):
            raise BadInput(
                _("“%(name)s” cannot be a column's name: it has at most %(most)s characters, all of them visible.",
                  most=bounds.name, name=quoted(name))
            )  # fmt: skip
    if twice := sorted({quoted(name) for name in names if names.count(name) > 1}):
        raise BadInput(
            _("Several columns have the same name: %(names)s. Give each a name of its own.", names=", ".join(twice))
        )


def nothing_in_it() -> BadInput:
    """The refusal of a file without a single value."""
    return BadInput(_("Nothing is in this file. It has to begin with a row of column names."))


def too_many_columns(bounds: Bounds) -> BadInput:
    """The refusal of a table that is too wide."""
    return BadInput(
        _("The file has more than %(most)s columns. Take out those that are not to be imported.", most=bounds.columns)
    )


def too_many_rows(bounds: Bounds) -> BadInput:
    """The refusal of a table that is too long."""
    return BadInput(_("The file has more than %(most)s rows. Divide it into several files.", most=f"{bounds.rows:,}"))


def too_long_cell(bounds: Bounds) -> str:
    """What is wrong with a row one of whose cells is beyond the bound."""
    return str(_("One of its cells is too long: at most %(most)s characters are taken.", most=f"{bounds.cell:,}"))


def too_long_row(most: int) -> str:
    """What is wrong with a row that is beyond the bound as a whole."""
    return str(_("It is too long: at most %(most)s characters are taken of a row.", most=f"{most:,}"))


def unkeepable(text: str) -> str | None:
    """What is wrong with a text that no database keeps."""
    if "\0" in text:
        return str(_("It holds a NUL, a character that cannot be kept. Take it out."))
    return half_a_character() if has_half(text) else None


def has_half(text: str) -> bool:
    """Whether half a character stands in it, which cannot even be written as UTF-8."""
    return not text.isascii() and _HALF.search(text) is not None


def without_halves(text: str) -> str:
    """The text with a sign of replacement for each."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)


def half_a_character() -> str:
    """What is wrong with such a text."""
    return str(_("It holds half a character (a lone surrogate), which cannot be kept. Take it out."))
