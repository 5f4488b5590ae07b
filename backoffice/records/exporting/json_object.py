"""One record as a JSON object, to be read by people and programs: exact values, no secret, no file's content."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from backoffice.database.attributes import Attribute, Kind
from backoffice.records.exporting.values import exact_value


def json_value(found: Attribute, value: Any) -> Any:
    """A column's value as JSON has it; what JSON has no type for is the canonical text of `database.values`.

    A binary is told by its size: its content is a file of its own.
    """
    if found.kind is Kind.BINARY:
        return None if value is None else {"bytes": len(value)}
    if found.kind is Kind.BOOLEAN or value is None:
        return value
    if found.kind is Kind.JSON:
        return json.loads(exact_value(found, value))
    exact = exact_value(found, value)
    # JSON has no number that is none.
    return repr(exact) if isinstance(exact, float) and not isfinite(exact) else exact


def json_text(values: dict[str, Any]) -> str:
    """The object, indented; half a surrogate pair, which JSON can name and UTF-8 cannot write, is escaped."""
    text = json.dumps(values, ensure_ascii=False, indent=2)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(values, indent=2)
    return text + "\n"
