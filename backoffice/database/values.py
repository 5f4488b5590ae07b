"""Values as text: one writing for each kind of column, used by forms, filters, record keys and exports.

| Kind | Text |
|---|---|
| text | itself; `''` is a text of its own, no value prints as `''` too |
| integer, number | `-12`, `0.1`, `1e+300`, `12.50` (a decimal keeps its scale and takes no exponent) |
| boolean | `true`, `false` |
| date, time, datetime | `2026-01-31`, `18:30:00`, `2026-01-31T18:30:00.000001` (UTC where there is a zone) |
| interval | `[-]D HH:MM:SS[.ffffff]`, the sign holds for the whole of it |
| enum | the name that the database keeps |
| json | JSON without spaces; `null` is JSON's null, no text is no value (SQL NULL) |
| uuid | with hyphens, in small letters |
| binary, opaque | the size, the type: to be looked at, never read back |
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice.database import limits
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.json_text import parse_json, print_json
from backoffice.database.moments import (
    parse_date,
    parse_datetime,
    parse_interval,
    parse_time,
    print_moment,
)
from backoffice.database.numerals import parse_integer, parse_number, print_number
from backoffice.database.reading import UUID, as_text, checked, quoted, tidy
from backoffice.errors import BadInput

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})


def print_value(attribute: Attribute, value: Any) -> str:
    """The canonical text of a column's value; '' for none."""
    if attribute.kind is Kind.JSON:
        return print_json(value, nullable=attribute.nullable)
    if value is None:
        return ""
    return PRINTERS.get(attribute.kind, _print_plain)(attribute.type, value)


def parse_value(attribute: Attribute, raw: Any, dialect: str = limits.ANY) -> Any:
    """The value that a text (or a scalar of JSON) means; a BadInput says what is wrong with it.

    An empty text is None, except in a text column. `dialect` names the database the value is for; left empty,
    what does not fit on one of the three is refused.
    """
    if raw is None:
        return None
    parser = PARSERS.get(attribute.kind)
    if parser is None:
        raise BadInput(_("“%(name)s” cannot be given as text.", name=attribute.name))
    text = as_text(raw)
    if attribute.kind in (Kind.TEXT, Kind.JSON):
        return parser(attribute.type, text, dialect)
    # An enum's names may be of any characters.
    text = text.strip() if attribute.kind is Kind.ENUM else tidy(text)
    return parser(attribute.type, text, dialect) if text else None


def enum_members(column_type: Any) -> dict[str, Any]:
    """The values of an Enum column by the text the database keeps of each."""
    if column_type.enum_class is None:
        return {name: name for name in column_type.enums}
    return dict(zip(column_type.enums, column_type.enum_class, strict=True))


def parse_bytes(attribute: Attribute, content: bytes, dialect: str = limits.ANY) -> bytes:
    """An uploaded file as a column's value; a BadInput where it is larger than the column."""
    most = limits.binary_bytes(attribute.type, dialect)
    if most is not None and len(content) > most:
        raise BadInput(_("The file is too large: %(size)s bytes where %(most)s fit.", size=len(content), most=most))
    return content


def _parse_text(column_type: Any, text: str, dialect: str) -> str:
    checked(text)
    longest = limits.characters(column_type)
    if longest is not None and len(text) > longest:
        raise BadInput(_("The text is too long: %(size)s characters where %(most)s fit.", size=len(text), most=longest))
    most = limits.text_bytes(column_type, dialect)
    if most is not None and len(text) * 4 > most and (size := len(text.encode())) > most:
        raise BadInput(_("The text is too long: %(size)s bytes where %(most)s fit.", size=size, most=most))
    return text


def _parse_boolean(_type: Any, text: str, _dialect: str) -> bool:
    word = text.lower()
    if word not in TRUE | FALSE:
        raise BadInput(_("“%(text)s” is neither true nor false.", text=quoted(text)))
    return word in TRUE


def _parse_enum(column_type: Any, text: str, _dialect: str) -> Any:
    members = enum_members(column_type)
    if text not in members:
        raise BadInput(_("“%(text)s” is not one of: %(choices)s.", text=quoted(text), choices=", ".join(members)))
    return members[text]


def _parse_uuid(column_type: Any, text: str, _dialect: str) -> Any:
    if not UUID.fullmatch(text):
        raise BadInput(
            _(
                "“%(text)s” is not a UUID. Write it like 01234567-89ab-cdef-0123-456789abcdef.",
                text=quoted(text),
            )
        )
    found = uuid.UUID(text)
    return found if getattr(column_type, "as_uuid", True) else str(found)


def _print_plain(_type: Any, value: Any) -> str:
    return str(value)


def _print_boolean(_type: Any, value: Any) -> str:
    return "true" if value else "false"


def _print_enum(column_type: Any, value: Any) -> str:
    return next((name for name, member in enum_members(column_type).items() if member is value), str(value))


def _print_binary(_type: Any, value: Any) -> str:
    return str(ngettext("%(num)s byte", "%(num)s bytes", len(value)))


def _print_opaque(_type: Any, value: Any) -> str:
    return type(value).__name__


PRINTERS: dict[Kind, Callable[[Any, Any], str]] = {
    Kind.INTEGER: print_number,
    Kind.NUMBER: print_number,
    Kind.BOOLEAN: _print_boolean,
    Kind.DATE: print_moment,
    Kind.TIME: print_moment,
    Kind.DATETIME: print_moment,
    Kind.INTERVAL: print_moment,
    Kind.ENUM: _print_enum,
    Kind.BINARY: _print_binary,
    Kind.OPAQUE: _print_opaque,
}
PARSERS: dict[Kind, Callable[[Any, str, str], Any]] = {
    Kind.TEXT: _parse_text,
    Kind.INTEGER: parse_integer,
    Kind.NUMBER: parse_number,
    Kind.BOOLEAN: _parse_boolean,
    Kind.DATE: parse_date,
    Kind.TIME: parse_time,
    Kind.DATETIME: parse_datetime,
    Kind.INTERVAL: parse_interval,
    Kind.ENUM: _parse_enum,
    Kind.JSON: parse_json,
    Kind.UUID: _parse_uuid,
}
