"""Values as people see them: HTML for lists and details, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from babel import Locale
from babel.dates import format_datetime as babel_datetime
from babel.numbers import format_decimal
from flask_babel import format_date, format_time, get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup, escape

from backoffice.database.attributes import Attribute, Kind
from backoffice.database.json_text import print_json
from backoffice.database.values import print_value
from backoffice.records.exporting.values import is_nothing

# A list shows a line of it; more would only make the page heavy.
CLAMP = 200
TEXT, NUMBER, END = '<span class="value-text">', '<span class="value-number">', "</span>"
YES, NO = '<span class="badge-soft badge-soft-success">', '<span class="badge-soft badge-soft-neutral">'
# Beyond these a float is clearer with its exponent.
PLAIN_FLOATS = (1e-4, 1e15)
UNITS = ("KB", "MB", "GB", "TB")
# Babel rounds in the present context, whose 28 digits are fewer than a decimal column may have.
EXACT_DIGITS = 1000


def format_value(attribute: Attribute, value: Any, *, long: bool = False) -> Markup:
    """A value as HTML, everything in it escaped: one line cut short for lists, or whole (`long`) for details."""
    if is_nothing(attribute, value):
        return Markup(
            '<span class="value-null"><span aria-hidden="true">—</span><span class="visually-hidden">{}</span></span>'
        ).format(_("no value"))
    return FORMATS.get(attribute.kind, _text)(attribute, value, long)


def size_text(size: int) -> str:
    """A number of bytes as a person says it."""
    if size < 1024:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size))
    power = min((size.bit_length() - 1) // 10, len(UNITS))
    amount = size / 1024**power
    return f"{_number_text(Decimal(f'{amount:.1f}' if amount < 10 else f'{amount:.0f}'))} {UNITS[power - 1]}"


def between(start: str, text: Any, end: str) -> Markup:
    """A text inside a tag of ours, escaped. Markup's own `format` takes several times as long, for every cell."""
    return Markup(f"{start}{escape(text)}{end}")  # noqa: S704 - only the tag is taken as it is


def _text(attribute: Attribute, value: Any, long: bool) -> Markup:
    text = print_value(attribute, value)
    if not text:
        return Markup('<span class="value-empty">""</span>')
    return between(TEXT, text if long else _cut(text), END)


def _number(attribute: Attribute, value: Any, long: bool) -> Markup:
    text = str(value) if _is_key(attribute) else _number_text(value)
    # In a list the whole column is drawn as numbers.
    return between(NUMBER, text, END) if long else Markup.escape(text)


def _boolean(_attribute: Attribute, value: Any, _long: bool) -> Markup:
    return between(YES, _("Yes"), END) if value else between(NO, _("No"), END)


def _moment(attribute: Attribute, value: Any, _long: bool) -> Markup:
    if isinstance(value, datetime):
        aware = value.tzinfo is not None
        value = value.astimezone(UTC) if aware else value
        exact = print_value(attribute, value) + ("Z" if aware else "")
        words = _datetime_words(value.replace(tzinfo=None), get_locale())
    elif isinstance(value, date):
        exact, words = value.isoformat(), format_date(value, "medium", rebase=False)
    elif isinstance(value, time):
        exact, words = value.isoformat(), format_time(value, "medium", rebase=False)
    else:
        return _text(attribute, value, _long)
    # Only a moment in UTC, which ends in Z, may be shown in another zone; a bare day or time is what it says.
    return between(f'<time datetime="{escape(exact)}">', words, "</time>")


@lru_cache(maxsize=10_000)
def _datetime_words(value: datetime, locale: Locale | None) -> str:
    """Babel takes its time over each, and lists show the same moments again and again."""
    return str(babel_datetime(value, "medium", locale=locale or "en"))


def _interval(attribute: Attribute, value: Any, _long: bool) -> Markup:
    return Markup('<span class="value-number">{}</span>').format(print_value(attribute, value))


def _enum(attribute: Attribute, value: Any, _long: bool) -> Markup:
    return Markup('<span class="badge-soft badge-soft-info">{}</span>').format(print_value(attribute, value))


def _json(_attribute: Attribute, value: Any, long: bool) -> Markup:
    if long:
        return Markup('<pre class="value-json">{}</pre>').format(print_json(value, nullable=False, pretty=True))
    return Markup('<code class="value-json">{}</code>').format(_cut(print_json(value, nullable=False)))


def _uuid(attribute: Attribute, value: Any, _long: bool) -> Markup:
    return Markup('<code class="value-uuid">{}</code>').format(print_value(attribute, value))


def _binary(_attribute: Attribute, value: Any, _long: bool) -> Markup:
    return Markup('<span class="value-binary">{}</span>').format(size_text(len(value)))


def _opaque(attribute: Attribute, value: Any, _long: bool) -> Markup:
    return Markup('<code class="value-opaque">{}</code>').format(print_value(attribute, value))


def _number_text(value: Any) -> str:
    """Grouped as the language does, with every digit there is."""
    if isinstance(value, float) and not (value == 0 or PLAIN_FLOATS[0] <= abs(value) < PLAIN_FLOATS[1]):
        return repr(value)
    exact = Decimal(repr(value) if isinstance(value, float) and not value.is_integer() else value)
    if not exact.is_finite():
        return str(value)
    places = max(0, -int(exact.as_tuple().exponent))
    pattern = "#,##0" + ("." + "0" * places if places else "")
    with localcontext(prec=EXACT_DIGITS):
        return str(format_decimal(exact, format=pattern, locale=get_locale() or "en"))


def _is_key(attribute: Attribute) -> bool:
    """Whether a number only names a record: nobody reads an id in groups of three."""
    column = attribute.column
    return isinstance(column, sa.Column) and (column.primary_key or bool(column.foreign_keys))


def _cut(text: str) -> str:
    line = text[: CLAMP + 1]
    return line if len(line) <= CLAMP else line[:CLAMP].rstrip() + "…"


FORMATS: dict[Kind, Callable[[Attribute, Any, bool], Markup]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _number,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _moment,
    Kind.TIME: _moment,
    Kind.DATETIME: _moment,
    Kind.INTERVAL: _interval,
    Kind.ENUM: _enum,
    Kind.JSON: _json,
    Kind.UUID: _uuid,
    Kind.BINARY: _binary,
    Kind.OPAQUE: _opaque,
}
