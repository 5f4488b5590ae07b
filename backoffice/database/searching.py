"""The search box: every word typed has to be found in one of the searchable columns."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from flask_babel import gettext as _

from backoffice.database.attributes import Attribute, Kind
from backoffice.database.operators import matches
from backoffice.database.values import parse_value
from backoffice.errors import BadInput

MAX_LENGTH = 200
MAX_WORDS = 10


def check_search(text: str) -> str:
    """The text without surrounding blanks; BadInput where no search could serve it."""
    text = " ".join(text.split())
    if len(text) > MAX_LENGTH or len(text.split()) > MAX_WORDS:
        raise BadInput(
            _(
                "Search for at most %(words)s words and %(length)s characters.",
                words=MAX_WORDS,
                length=MAX_LENGTH,
            )
        )
    if "\x00" in text:
        raise BadInput(_("The search holds a character that no text can hold. Type it again."))
    return text


def search_predicate(text: str, columns: Iterable[Attribute]) -> sa.ColumnElement[bool]:
    """The rows in which each word is found; what was typed is only text, never a pattern."""
    columns = list(columns)
    return sa.and_(sa.true(), *(sa.or_(sa.false(), *_word_in(word, columns)) for word in text.split()))


def _word_in(word: str, columns: list[Attribute]) -> Iterable[sa.ColumnElement[bool]]:
    for column in columns:
        if column.kind is Kind.TEXT:
            yield matches(column, "contains", word)
            continue
        try:
            value = parse_value(column, word)
        except BadInput:
            continue
        yield matches(column, "equals", value)
