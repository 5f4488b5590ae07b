"""JSON as text. SQL NULL (no value) and JSON's null both come from the database as None; here they part.

In a column that may be NULL, None prints as no text; in one that may not, it can only be JSON's `null`.
What is written `null` is read as `sa.JSON.NULL`, no text as None, which has to be saved as `sa.null()`.
"""

from __future__ import annotations

import json
import math
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from backoffice.database import limits
from backoffice.database.reading import checked
from backoffice.errors import BadInput

# Longest whole number that survives everywhere: SQLite makes a float of a larger one.
LARGEST = 2**63 - 1


def print_json(value: Any, *, nullable: bool = True, pretty: bool = False) -> str:
    """Compact JSON, or with `pretty` over several lines; Chinese and emoji as they are."""
    if value is None and nullable:
        return ""
    value = None if value is sa.JSON.NULL else value
    layout: dict[str, Any] = {"indent": 2} if pretty else {"separators": (",", ":")}
    text = json.dumps(value, ensure_ascii=False, **layout)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, **layout)
    return text


def parse_json(column_type: Any, text: str, _dialect: str = limits.ANY) -> Any:
    """The value of a JSON text, if all three databases keep it; None for no text, `sa.JSON.NULL` for null."""
    if not text.strip():
        return None
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise BadInput(
            _(
                "This is not valid JSON: look at line %(line)s, column %(column)s.",
                line=error.lineno, column=error.colno,
            )
        ) from None  # fmt: skip
    except (ValueError, RecursionError):
        raise BadInput(_("This JSON is nested too deeply or holds a number that is too long.")) from None
    _check(value, 0)
    if value is None:
        return None if getattr(column_type, "none_as_null", False) else sa.JSON.NULL
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of two equal names one would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadInput(_("This JSON has an object in which a name stands twice."))
    return found


def _check(value: Any, depth: int) -> None:
    if isinstance(value, (dict, list)):
        if depth >= limits.JSON_DEPTH:
            raise BadInput(_("This JSON is nested too deeply: at most %(most)s levels.", most=limits.JSON_DEPTH))
        for item in value:
            _check(item, depth + 1)
        for item in value.values() if isinstance(value, dict) else ():
            _check(item, depth + 1)
    elif isinstance(value, str):
        checked(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise BadInput(_("This JSON holds a number that cannot be kept, such as NaN."))
    elif isinstance(value, int) and not -LARGEST - 1 <= value <= LARGEST:
        raise BadInput(_("This JSON holds a whole number that is too large: at most %(most)s.", most=LARGEST))
