"""Reads what a form's script says about its draft; anything else than that is refused in a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import Any

from backoffice.database.reading import checked
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.records.drafts import Typed

# Tells the next page which drafts were saved, so that the browser drops its own copies.
SAVED_COOKIE = "saved-drafts"
COPY = re.compile(r"[A-Za-z0-9-]{8,40}")
MOST_COPIES = 20


def read_typed(text: str, names: Collection[str]) -> Typed:
    """The draft that a script sends as JSON, with those of its fields that the form has."""
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError):
        raise _not_understood() from None
    if not isinstance(sent, dict) or not COPY.fullmatch(_text(sent, "copy")):
        raise _not_understood()
    fields, labels = sent.get("fields"), sent.get("labels", {})
    if not isinstance(fields, dict) or not isinstance(labels, dict):
        raise _not_understood()
    return Typed(
        _text(sent, "copy"),
        _text(sent, "title")[:200],
        {name: _texts(values) for name, values in fields.items() if name in names},
        {name: _text(labels, name)[:300] for name in labels if name in names},
        _text(sent, "version")[:80],
        _text(sent, "shown"),
        known=names,
    )


def names_of_copies(text: str) -> list[str]:
    """The names of copies, parted by commas; what is none is left out."""
    return [name for name in text.split(",") if COPY.fullmatch(name)][:MOST_COPIES]


def saved_copies(before: str, saved: Iterable[str]) -> str:
    """The cookie's value: what no page has read yet, and what was saved now."""
    return ".".join(dict.fromkeys([*[n for n in before.split(".") if COPY.fullmatch(n)], *saved]))[-1000:]


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _not_understood()
    return [checked(value) for value in values]


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name, "")
    if not isinstance(value, str):
        raise _not_understood()
    return checked(value)


def _not_understood() -> BadInput:
    return BadInput(_("This draft cannot be understood. Reload the page; what you typed is kept in this browser."))
