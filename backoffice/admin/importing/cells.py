"""A cell as the text that a form would have sent; None where nothing stands in it."""

from __future__ import annotations

import json
from typing import Any

from backoffice.database.attributes import Kind
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.records.importing import FileKind

MIDNIGHT = "T00:00:00"


def text_of(cell: Any, kind: Kind, file: FileKind) -> str | None:
    """The text, for a column of this kind; BadInput where a list or an object stands for a plain value."""
    if cell is None:
        return None
    if kind is Kind.JSON and file is FileKind.JSON_LINES:
        return json.dumps(cell, ensure_ascii=False)
    if isinstance(cell, (list, dict)):
        if kind is Kind.JSON:
            return json.dumps(cell, ensure_ascii=False)
        raise BadInput(_("A list or an object stands where one value is wanted."))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and kind is not Kind.NUMBER and abs(cell) < 2**53 else repr(cell)
    text = str(cell)
    # A spreadsheet makes moments of days.
    return text.removesuffix(MIDNIGHT) if kind is Kind.DATE else text
