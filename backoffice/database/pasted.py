"""A list that somebody pasted: keys or names, one a line, as spreadsheets, mails and other pages give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from backoffice.database.attributes import Kind, primary_key
from backoffice.database.keys import parse_key
from backoffice.errors import BadInput

MOST = 5_000
# More than the longest names there are, MOST times.
LONGEST = MOST * 400
LINE_ENDS = re.compile("\r\n|[\n\r\u2028\u2029]")
SEPARATORS = re.compile("[,;\t，；、\\s]+")
# What is not seen at the ends of a line: blanks of every width, and the mark some programs begin a file with.
BLANKS = " \t\v\f\u00a0\u3000\ufeff\u200b"


@dataclass(frozen=True)
class Pasted:
    """What stands in a list, each text once and in its order, and how many were there twice."""

    texts: tuple[str, ...]
    repeated: int = 0


def read_pasted(text: str, model: type[Any]) -> Pasted:
    """The keys and names of a pasted list; BadInput where there are too many.

    A line is one name, whatever stands in it, unless all its parts between commas, semicolons, tabs or blanks are
    keys: names may have commas in them.
    """
    if len(text) > LONGEST:
        raise BadInput(_("The list is too long: at most %(most)s lines. Paste it in parts.", most=MOST))
    lines = [line for raw in LINE_ENDS.split(text) if (line := raw.strip(BLANKS))]
    texts = [part for line in lines for part in parts_of(line, model)]
    once = tuple(dict.fromkeys(texts))
    if len(once) > MOST:
        raise BadInput(
            _("The list has %(count)s lines, and %(most)s are taken at a time. Paste it in parts.",
              count=len(once), most=MOST)
        )  # fmt: skip
    return Pasted(once, len(texts) - len(once))


def parts_of(line: str, model: type[Any]) -> list[str]:
    """The keys of a line that holds nothing but keys, else the line."""
    if not _has_plain_key(model) or _is_key(line, model):
        return [line]
    parts = [part for part in SEPARATORS.split(line) if part]
    return parts if parts and all(_is_key(part, model) for part in parts) else [line]


def _is_key(text: str, model: type[Any]) -> bool:
    try:
        return parse_key(model, text) is not None
    except BadInput:
        return False


def _has_plain_key(model: type[Any]) -> bool:
    """Whether keys look unlike names: where they are texts themselves, every word might be one."""
    return all(part.kind in (Kind.INTEGER, Kind.UUID) for part in primary_key(model))
