"""JSON lines: one object a line, its columns under their names.

Values stay what JSON says they are. A number that a float would round is a Decimal. Lists and objects are kept, because
columns of JSON are exported so. What is missing in an object is missing in its row: not given is not null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.records.importing.bounds import Bounds
from backoffice.records.importing.encodings import pieces
from backoffice.records.importing.layouts import (
    FileKind,
    Layout,
    Row,
    check_names,
    half_a_character,
    has_half,
    nothing_in_it,
    too_long_cell,
    too_long_row,
    too_many_rows,
    unkeepable,
)

# The columns are those that any of the first objects has.
TELLING = 1_000
# Python reads no longer ones, and making a whole number of 1e999999999 would fill the memory.
DIGITS = 400
_LINE_END = re.compile("[\r\n]")
_BLANK = " \t\r\n"


class _Unreadable(Exception):
    """What is wrong with a line, in words."""


def json_layout(path: Path, encoding: str, bounds: Bounds) -> Layout:
    """The columns that the first objects name, in the order in which they come."""
    names: dict[str, None] = {}
    is_empty = True
    for _number, line in islice(_lines(path, encoding, bounds), TELLING):
        is_empty = False
        try:
            names.update(dict.fromkeys(_parsed(line or "", bounds)))
        except _Unreadable:
            # Told of its row, when the rows are read.
            continue
        check_names(list(names), bounds)
    if is_empty:
        raise nothing_in_it()
    if not names:
        raise BadInput(
            _("None of the first lines of this file is an object of JSON. Write one in each line, such as %(example)s.",
              example='{"title": "…"}')
        )  # fmt: skip
    return Layout(FileKind.JSON_LINES, tuple(names), encoding)


def json_rows(path: Path, layout: Layout, bounds: Bounds) -> Iterator[Row]:
    """A row of each line that is not blank; a line that is no object is a row with its text and the problem."""
    known = frozenset(layout.columns)
    for count, (number, line) in enumerate(_lines(path, layout.encoding, bounds)):
        if count >= bounds.rows:
            raise too_many_rows(bounds)
        if line is None:
            yield Row(number, {}, too_long_row(bounds.row))
            continue
        try:
            yield _row(number, _parsed(line, bounds), known, bounds)
        except _Unreadable as problem:
            yield Row(number, {}, str(problem), (line[: bounds.cell],))


def _row(number: int, found: dict[str, Any], known: frozenset[str], bounds: Bounds) -> Row:
    problem = None
    if unknown := [name for name in found if name not in known]:
        problem = _("It names columns that the first %(most)s rows do not have: %(names)s.",
                    most=f"{TELLING:,}", names=", ".join(map(quoted, unknown[:5])))  # fmt: skip
    for value in found.values():
        if problem is None and isinstance(value, str):
            problem = too_long_cell(bounds) if len(value) > bounds.cell else unkeepable(value)
        elif problem is None and isinstance(value, (list, dict)):
            problem = _unkeepable_within(value)
    values = {name: value for name, value in found.items() if name in known}
    return Row(number, values, problem, tuple(value for name, value in found.items() if name not in known))


# -- lines -------------------------------------------------------------------------------------------------------------


def _lines(path: Path, encoding: str, bounds: Bounds) -> Iterator[tuple[int, str | None]]:
    """The lines that are not blank, with their numbers; None is one that is longer than a row may be."""
    number, held, size = 1, [""], 0
    returned = False
    for piece in pieces(path, encoding):
        at = 1 if returned and piece[:1] == "\n" else 0
        returned = piece[-1:] == "\r" if piece else returned
        while end := _LINE_END.search(piece, at):
            yield from _line(number, [*held, piece[at : end.start()]], size + end.start() - at, bounds)
            number, held, size = number + 1, [], 0
            at = end.end() + (piece[end.start() : end.start() + 2] == "\r\n")
        size += len(piece) - at
        if size <= bounds.row:
            held.append(piece[at:])
    yield from _line(number, held, size, bounds)


def _line(number: int, held: list[str], size: int, bounds: Bounds) -> Iterator[tuple[int, str | None]]:
    if size > bounds.row:
        yield number, None
    elif line := "".join(held).strip(_BLANK):
        yield number, line


# -- values ------------------------------------------------------------------------------------------------------------


def _parsed(line: str, bounds: Bounds) -> dict[str, Any]:
    """The object of a line."""
    try:
        found = _DECODER.decode(line)
    except json.JSONDecodeError as error:
        raise _Unreadable(
            _("It is not JSON: something is wrong at character %(place)s.", place=error.pos + 1)
        ) from None
    except RecursionError:
        raise _too_deep(bounds) from None
    if not isinstance(found, dict):
        raise _Unreadable(_("It is JSON, but no object. Write one as in %(example)s.", example='{"title": "…"}'))
    if any(_is_deeper(value, bounds.depth) for value in found.values() if isinstance(value, (dict, list))):
        raise _too_deep(bounds)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = ""
        for name, _value in pairs:
            if name in seen:
                twice = name
            seen.add(name)
        raise _Unreadable(_("It names “%(name)s” twice.", name=quoted(twice)))
    return found


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise _too_long_number()
    return int(text)


def _fraction(text: str) -> float | Decimal:
    """The number exactly: a float only where its shortest writing is what stands here."""
    # The exponent first: a Decimal of any is made at once, and a whole number of it never.
    if len(text) > DIGITS or len(text.lower().partition("e")[2]) > 6 or abs(Decimal(text).adjusted()) > DIGITS:
        raise _too_long_number()
    exact, near = Decimal(text), float(text)
    return near if isfinite(near) and Decimal(repr(near)) == exact else exact


def _too_long_number() -> _Unreadable:
    return _Unreadable(_("It has a number that is too long: at most %(most)s digits are taken.", most=DIGITS))


def _no_number(text: str) -> None:
    raise _Unreadable(_("%(text)s is no number in JSON. Write it in quotation marks, or null.", text=text))


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_no_number
)


def _is_deeper(value: Any, depth: int) -> bool:
    level: list[Any] = [value]
    for _step in range(depth):
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)
                 if isinstance(inner, (dict, list))]  # fmt: skip
        if not level:
            return False
    return True


def _unkeepable_within(value: Any) -> str | None:
    """What is wrong with a list or an object that no database keeps as it is."""
    for each in _leaves(value):
        if isinstance(each, str) and has_half(each):
            return half_a_character()
        if isinstance(each, Decimal):
            return str(_("It holds a number in a list or an object that would be rounded. Write it with fewer digits."))
    return None


def _leaves(value: Any) -> Iterator[Any]:
    """The names and the plain values in it."""
    if isinstance(value, dict):
        yield from value
        value = value.values()
    elif not isinstance(value, list):
        yield value
        return
    for each in value:
        yield from _leaves(each)


def _too_deep(bounds: Bounds) -> _Unreadable:
    return _Unreadable(
        _("Its lists and objects lie too deep in each other: at most %(most)s levels are taken.", most=bounds.depth)
    )
