"""Values as cells of a sheet: each column is compiled once to a function that writes its cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from math import isfinite
from typing import Any

from backoffice.database.attributes import Kind
from backoffice.records.exporting.values import escape_formula
from backoffice.records.exporting.xlsx_parts import DAY

LONGEST_TEXT = 32_767
# What a spreadsheet keeps of a number.
DIGITS, ROUND = 15, 10**15
LARGEST, SMALLEST = 9.99999999999999e307, 2.2250738585072014e-308
FIRST_DAY, DAY_ZERO = date(1900, 3, 1), date(1899, 12, 30).toordinal()
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# XML has no such characters: Excel reads _x0007_ for one, and _x005F_ for an underscore that begins such a word.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
CONTROLS = bytes({*range(32)} - {9, 10})
Write = Callable[[Any, int], str]


class Cells:
    """The cells of one column, under its letters; `cut` counts the texts that were too long for a cell."""

    def __init__(self, letters: str, kind: Kind, *, typed: bool) -> None:
        self.beginning = f'<c r="{letters}'
        self.typed = typed
        self.cut = 0
        self.write: Write = {
            Kind.INTEGER: self._number,
            Kind.NUMBER: self._number,
            Kind.BOOLEAN: self._boolean,
            Kind.DATE: self._day,
        }.get(kind, self.text)

    def text(self, value: Any, row: int, style: int = 0) -> str:
        """A text in the cell itself; an empty one is a cell, no value is none."""
        if value is None:
            return ""
        written = value if isinstance(value, str) else repr(value)
        if self.typed and not written[:1].isalnum():
            written = escape_formula(written)
        if len(written) * 2 > LONGEST_TEXT:
            written = self._short(written)
        styled = f' s="{style}"' if style else ""
        return f'{self.beginning}{row}"{styled} t="inlineStr"><is><t xml:space="preserve">{_xml(written)}</t></is></c>'

    def _number(self, value: Any, row: int) -> str:
        if value is None:
            return ""
        written = value if isinstance(value, str) else repr(value)
        return f'{self.beginning}{row}"><v>{written}</v></c>' if _fits(value) else self.text(value, row)

    def _boolean(self, value: Any, row: int) -> str:
        return "" if value is None else f'{self.beginning}{row}" t="b"><v>{int(value == "true")}</v></c>'

    def _day(self, value: Any, row: int) -> str:
        try:
            day = date.fromisoformat(value or "")
        except ValueError:
            return self.text(value, row)
        if day < FIRST_DAY:
            return self.text(value, row)
        return f'{self.beginning}{row}" s="{DAY}"><v>{day.toordinal() - DAY_ZERO}</v></c>'

    def _short(self, text: str) -> str:
        """Excel counts in UTF-16, and repairs a workbook with a longer text by throwing it away."""
        units = text.encode("utf-16-le", "surrogatepass")
        if len(units) <= LONGEST_TEXT * 2:
            return text
        self.cut += 1
        return units[: (LONGEST_TEXT - 1) * 2].decode("utf-16-le", "ignore") + "…"


def _fits(value: str | float) -> bool:
    """Whether a spreadsheet keeps a number to its last digit."""
    if isinstance(value, int):
        return abs(value) < ROUND
    if isinstance(value, float):
        sized = value == 0 or SMALLEST <= abs(value) <= LARGEST
        return isfinite(value) and sized and float(f"{value:.{DIGITS}g}") == value
    return bool(NUMBER.fullmatch(value)) and len(value.lstrip("-0.").replace(".", "")) <= DIGITS


def _xml(text: str) -> str:
    """The text as XML has it. Whether it holds what cannot be written is asked first, by faster means."""
    if "_x" in text or _has_controls(text):
        text = UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _has_controls(text: str) -> bool:
    try:
        written = text.encode()
    except UnicodeEncodeError:
        return True
    return len(written.translate(None, CONTROLS)) < len(written) or "\ufffe" in text or "\uffff" in text
