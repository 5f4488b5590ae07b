"""Places in a list as opaque text: sealed, so that nobody reads or makes one, and good for one order only."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask_babel import gettext as _

from backoffice.database.attributes import Kind
from backoffice.database.moments import is_aware
from backoffice.database.sorting import Term
from backoffice.database.values import parse_value, print_value
from backoffice.errors import BadInput

# An address takes no more; rows with longer values are reached by their position.
MAX_SEALED = 1500


@lru_cache(maxsize=8)
def _cipher(secret: str) -> AESSIV:
    """The cipher of an application's secret: made once, and not for each list."""
    return AESSIV(hashlib.sha512(b"cursor\0" + secret.encode()).digest())


@dataclass(frozen=True)
class Cursor:
    """A row that was seen: its values in the order's terms, the segment it stood in, and its position, if known.

    Positions count from 1, and from the end backwards from -1.
    """

    values: tuple[Any, ...]
    segment: int = 0
    at: int | None = None


class Cursors:
    """Seals and opens the places of one order. `secret` is the application's; `purpose` names list and order.

    AES-SIV: the same place makes the same text, and a text that was not made here, or for another order, is refused.
    The values of a row may be those of a column that the list does not show: hence sealed, and not only signed.
    """

    def __init__(self, secret: str, purpose: str, terms: Sequence[Term]) -> None:
        self._cipher = _cipher(secret)
        self._purpose = [purpose.encode()]
        self._terms = terms

    def seal(self, cursor: Cursor) -> str:
        """The place as text for an address; empty where it would be too long for one."""
        values = [
            None if value is None else print_value(term.attribute, value)
            for term, value in zip(self._terms, cursor.values, strict=True)
        ]
        plain = json.dumps([cursor.segment, cursor.at, values], ensure_ascii=False, separators=(",", ":")).encode()
        if len(plain) > MAX_SEALED:
            return ""
        return urlsafe_b64encode(self._cipher.encrypt(plain, self._purpose)).decode().rstrip("=")

    def open(self, text: str) -> Cursor:
        """The place that a text means; BadInput where it was not made here for this order."""
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            segment, at, values = json.loads(self._cipher.decrypt(sealed, self._purpose))
        except (ValueError, Error, InvalidTag):
            raise BadInput(
                _("This address leads to a place in another list or another order. Start from the first page.")
            ) from None
        found = [self._value(term, value) for term, value in zip(self._terms, values, strict=True)]
        return Cursor(tuple(found), segment, at)

    def _value(self, term: Term, text: str | None) -> Any:
        """The value as it was read: what a column may be given is not asked again of what it holds."""
        found, column_type = term.attribute, term.attribute.type
        if text is None or found.kind is Kind.TEXT:
            return text
        if found.kind is Kind.INTEGER:
            return int(text)
        if found.kind is Kind.NUMBER:
            return Decimal(text) if getattr(column_type, "python_type", float) is Decimal else float(text)
        if found.kind is Kind.DATETIME:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if is_aware(column_type) else moment
        return parse_value(found, text)
