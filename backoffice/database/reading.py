"""The first look at what somebody wrote: scalars become text, wide digits plain ones, quotations short."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from flask_babel import gettext as _

from backoffice.errors import BadInput

# int() and uuid.UUID() take underscores and digits of any script: shapes are checked here first, in ASCII.
UUID = re.compile(r"\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?")
MINUS = str.maketrans("−–", "--")
QUOTED = 40
# Longer than any number, moment or key; normalising a megabyte of combining marks takes minutes.
LONGEST_PLAIN = 1000
MAX_NAMES = 2000


def as_text(raw: Any) -> str:
    """A text as it is, a number or a boolean as JSON writes it; lists and objects are refused."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, (bool, float)):
        return json.dumps(raw)
    if isinstance(raw, int) and raw.bit_length() <= 1024:
        return str(raw)
    raise BadInput(_("This value is neither a text nor a number of a size that is kept."))


def tidy(text: str) -> str:
    """Without spaces around it, in plain characters: Chinese keyboards type digits at full width."""
    if len(text) > LONGEST_PLAIN:
        raise BadInput(_("“%(text)s” is too long for this kind of value.", text=quoted(text)))
    return unicodedata.normalize("NFKC", text).translate(MINUS).strip()


def checked(text: str) -> str:
    """The text itself, if every database keeps all of its characters."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadInput(_("The text holds a character that cannot be kept. Type it anew."))
    return text


def quoted(text: str) -> str:
    """The text as a message can repeat it: short, and without what cannot be shown."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[: QUOTED + 1])
    return shown if len(shown) <= QUOTED else shown[:QUOTED] + "…"


def names_in(text: str) -> list[str]:
    """The names of `title,-created_at`; BadInput where there are more than any list has."""
    if len(text) > MAX_NAMES:
        raise BadInput(_("The names of columns in the address are too long: at most %(most)s characters.",
                         most=MAX_NAMES))  # fmt: skip
    return [name for name in text.split(",") if name]
