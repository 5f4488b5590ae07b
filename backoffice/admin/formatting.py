"""Values as people see them: HTML for lists and details, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from babel.dates import format_datetime as babel_datetime
from babel.numbers import format_decimal
from flask_babel import format_date, format_time, ngettext
from markupsafe import Markup, escape

from backoffice.database.attributes import Attribute, Kind
from backoffice.database.json_text import print_json
from backoffice.database.values import print_value
from backoffice.i18n import gettext as _
from backoffice.i18n import locale_name
from backoffice.records.exporting.values import is_nothing

# A list shows a line of it; more would only make the page heavy.
CLAMP = 200
Draw = Callable[[Any], Markup]
Formatter = Callable[[Attribute, bool], Draw]
TEXT, NUMBER, END = '<span class="value-text">', '<span class="value-number">', "</span>"
YES, NO = '<span class="badge-soft-success">', '<span class="badge-soft-neutral">'
# Beyond these a float is clearer with its exponent.
PLAIN_FLOATS = (1e-4, 1e15)
UNITS = ("KB", "MB", "GB", "TB")
# Babel rounds in the present context, whose 28 digits are fewer than a decimal column may have.
EXACT_DIGITS = 1000


def formatter(attribute: Attribute, *, long: bool = False) -> Callable[[Any], Markup]:
    """What makes HTML of a column's values for this reader, everything in them escaped.

    One line cut short for lists, or the whole (`long`) for details. What is the same for all of them is found once.
    """
    draw = FORMATTERS.get(attribute.kind, _text)(attribute, long)
    if not is_nothing(attribute, None):
        return draw
    words = between('<span class="visually-hidden">', _("no value"), END)
    blank = Markup(f'<span class="value-null"><span aria-hidden="true">—</span>{words}</span>')  # noqa: S704 - as below
    return lambda value: blank if value is None else draw(value)


def size_text(size: int) -> str:
    """A number of bytes as a person says it."""
    if size < 1024:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size))
    power = min((size.bit_length() - 1) // 10, len(UNITS))
    amount = size / 1024**power
    return f"{_number_text(Decimal(f'{amount:.1f}' if amount < 10 else f'{amount:.0f}'))} {UNITS[power - 1]}"


def between(start: str, text: Any, end: str) -> Markup:
    """A text inside a tag of ours, escaped. Markup's own `format` takes several times as long."""
    return Markup(f"{start}{escape(text)}{end}")  # noqa: S704 - only the tag is taken as it is


def _text(attribute: Attribute, long: bool) -> Draw:
    empty = Markup('<span class="value-empty">""</span>')

    def draw(value: Any) -> Markup:
        text = print_value(attribute, value)
        return between(TEXT, text if long else _cut(text), END) if text else empty

    return draw


def _number(attribute: Attribute, long: bool) -> Draw:
    words = str if _is_key(attribute) else _number_text
    # In a list the whole column is drawn as numbers.
    return lambda value: between(NUMBER, words(value), END) if long else escape(words(value))


def _boolean(_attribute: Attribute, _long: bool) -> Draw:
    yes, no = between(YES, _("Yes"), END), between(NO, _("No"), END)
    return lambda value: yes if value else no


def _moment(attribute: Attribute, long: bool) -> Draw:
    locale, text = locale_name(), _text(attribute, long)

    def draw(value: Any) -> Markup:
        if isinstance(value, datetime):
            return _datetime(value, locale)
        if isinstance(value, (date, time)):
            words = format_time if isinstance(value, time) else format_date
            return _time(value.isoformat(), words(value, "medium", rebase=False))
        return text(value)

    return draw


@lru_cache(maxsize=10_000)
def _datetime(value: datetime, locale: str) -> Markup:
    """Babel takes its time over each, and lists show the same moments again and again."""
    aware = value.tzinfo is not None
    value = value.astimezone(UTC).replace(tzinfo=None) if aware else value
    # Only a moment in UTC, which ends in Z, may be shown in another zone; a bare day or time is what it says.
    exact = value.isoformat(timespec="seconds") + ("Z" if aware else "")
    return _time(exact, babel_datetime(value, "medium", locale=locale))


def _time(exact: str, words: str) -> Markup:
    return between(f'<time datetime="{exact}">', words, "</time>")


def _printed(start: str, end: str = END) -> Formatter:
    """Between two tags, as it is printed everywhere."""
    return lambda attribute, _long: lambda value: between(start, print_value(attribute, value), end)


def _json(_attribute: Attribute, long: bool) -> Draw:
    if long:
        return lambda value: between(
            '<pre class="value-json">', print_json(value, nullable=False, pretty=True), "</pre>"
        )
    return lambda value: between('<code class="value-json">', _cut(print_json(value, nullable=False)), "</code>")


def _binary(_attribute: Attribute, _long: bool) -> Draw:
    return lambda value: between('<span class="value-binary">', size_text(len(value)), END)


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
        return str(format_decimal(exact, format=pattern, locale=locale_name()))


def _is_key(attribute: Attribute) -> bool:
    """Whether a number only names a record: nobody reads an id in groups of three."""
    column = attribute.column
    return isinstance(column, sa.Column) and (column.primary_key or bool(column.foreign_keys))


def _cut(text: str) -> str:
    line = text[: CLAMP + 1]
    return line if len(line) <= CLAMP else line[:CLAMP].rstrip() + "…"


FORMATTERS: dict[Kind, Formatter] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _number,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _moment,
    Kind.TIME: _moment,
    Kind.DATETIME: _moment,
    Kind.INTERVAL: _printed(NUMBER),
    Kind.ENUM: _printed('<span class="badge-soft-info">'),
    Kind.JSON: _json,
    Kind.UUID: _printed('<code class="value-uuid">', "</code>"),
    Kind.BINARY: _binary,
    Kind.OPAQUE: _printed('<code class="value-opaque">', "</code>"),
}
