"""Values of a file: exact, in no language, and never a formula that runs where the file is opened."""

from __future__ import annotations

import base64
import re
from typing import Any

from backoffice.database.attributes import Attribute, Kind
from backoffice.database.values import print_value

# What spreadsheets take for the beginning of a formula, wide signs of Chinese keyboards included.
# They pass over blanks and what is not seen: joiners, marks of direction, soft hyphens.
UNSEEN = r"\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
FORMULA = re.compile(rf"'*(?:[\t\r\n]|[{UNSEEN}]*[=+\-@|%＝＋－＠])")


def export_value(attribute: Attribute, value: Any) -> Any:
    """A value as a cell of a CSV file, exact and in no language; formulas in it cannot run.

    NULL is None, so that a writer can tell it from the empty text. Numbers stay numbers, moments are ISO 8601 (those
    in UTC with a Z), binaries base64. What only a program can read is its type's name in parentheses.
    """
    exact = exact_value(attribute, value)
    return escape_formula(exact) if isinstance(exact, str) and attribute.kind not in PLAIN else exact


# Their texts are made here, of characters that no formula begins with, save the sign of a number. Base64 is not among
# them: it may begin with a plus, and `+A1/B2` is a sum of cells.
PLAIN = frozenset({Kind.NUMBER, Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.OPAQUE})


def exact_value(attribute: Attribute, value: Any) -> Any:
    """A value as a program reads it back: None, a number, or the one text that `database.values` reads."""
    if is_nothing(attribute, value) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    match attribute.kind:
        case Kind.BINARY:
            return base64.b64encode(value).decode()
        case Kind.OPAQUE:
            return f"({print_value(attribute, value)})"
        case Kind.MANY:
            return ", ".join(map(str, value))
    text = print_value(attribute, value)
    return text + "Z" if attribute.kind is Kind.DATETIME and getattr(value, "tzinfo", None) is not None else text


def escape_formula(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run.

    A text that begins with apostrophes and then a formula gets one more, so that taking one away gives it back.
    """
    return "'" + text if FORMULA.match(text) else text


def is_nothing(attribute: Attribute, value: Any) -> bool:
    """Whether there is no value; in a JSON column that is never NULL, None is JSON's null."""
    return value is None and (attribute.kind is not Kind.JSON or attribute.nullable)
