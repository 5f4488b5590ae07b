"""Filters of a list: what its columns can be asked, a condition from a small form, and the pills of what is asked."""

from __future__ import annotations

import re
from typing import Any

from backoffice.admin.address import ListAddress
from backoffice.admin.base import BaseRecordView, view_for
from backoffice.admin.presenters import FilterColumn, Operator, Pill
from backoffice.admin.related import find_related
from backoffice.admin.wording import Words, choices, operator_label
from backoffice.database.attributes import Attribute, Kind, primary_key
from backoffice.database.filtering import ME, Group, group_of
from backoffice.database.keys import key_text
from backoffice.database.moments import is_aware
from backoffice.database.operators import WITHOUT_OPERAND, operators_of
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.database.vocabulary import Vocabulary
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _

ENTRIES: dict[Kind, str] = {
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.DATE: "date",
    Kind.TIME: "time",
    Kind.DATETIME: "datetime",
    Kind.BOOLEAN: "choice",
    Kind.ENUM: "choice",
    Kind.ONE: "relation",
    Kind.MANY: "relation",
}
BY_OPERATOR = {"on": "date", "during": "period", "between": "between"}


def filter_columns(view: BaseRecordView, vocabulary: Vocabulary) -> list[FilterColumn]:
    """The columns that can be asked, with what each can be asked."""
    return [_column(view, name, found) for name, found in vocabulary.filterable.items()]


def _column(view: BaseRecordView, name: str, found: Attribute) -> FilterColumn:
    related = view_for(found.related) if found.kind in (Kind.ONE, Kind.MANY) else None
    return FilterColumn(
        name,
        view.label(name),
        found.kind,
        [Operator(o, operator_label(found.kind, o), _input(found, o)) for o in operators_of(found)],
        choices(view, name, found),
        related.page_url("lookup_view") if related and related.may("read") else "",
        aware=found.kind is Kind.DATETIME and is_aware(found.type),
    )


def _input(found: Attribute, operator: str) -> str:
    """Which input asks for the operand."""
    if operator in WITHOUT_OPERAND:
        return "none"
    if operator in BY_OPERATOR:
        return BY_OPERATOR[operator]
    entry = ENTRIES.get(found.kind, "text")
    if found.kind is Kind.MANY and operator in ("at_least", "at_most"):
        return "count"
    if operator in ("in", "not_in"):
        return {"choice": "choices", "relation": "relation"}.get(entry, "list")
    return entry


def add_condition(selection: Selection, form: Any) -> Selection:
    """The selection with the condition of a submitted form added (a MultiDict); BadInput where it is wrong."""
    name, operator = form.get("filter_column", ""), form.get("filter_operator", "")
    known = selection.vocabulary.filterable
    source: list[Any] = [name, operator]
    if name in known and operator not in WITHOUT_OPERAND:
        source.append(_operand(known[name], operator, form.getlist("filter_value")))
    addition = group_of(source, known).items[0]
    present = selection.where
    if present is None:
        return selection.replace(where=Group("all", (addition,)))
    joined = {present.match: [*present.source[present.match], addition.source]}
    return selection.replace(where=group_of(joined, known))


def _operand(found: Attribute, operator: str, values: list[str]) -> Any:
    if operator == "during":
        return " ".join(filter(None, values))
    if operator not in ("in", "not_in", "between"):
        return _scalar(found, operator, values[0] if values else "")
    if len(values) == 1 and found.kind is not Kind.ENUM:
        values = _several(found, values[0])
    return [_scalar(found, operator, value.strip()) for value in values if value.strip()]


def _several(found: Attribute, text: str) -> list[str]:
    """Values typed into one box: a line each, or else parted by commas."""
    if "\n" in text.strip():
        return text.splitlines()
    # A Chinese comma parts keys, numbers and dates too; in a text it is more likely meant.
    return text.split(",") if found.kind is Kind.TEXT else re.split("[,，]", text)


def _scalar(found: Attribute, operator: str, text: str) -> Any:
    """The same in JSON's own type, so that the address reads well; a related record by its key."""
    if found.kind is Kind.BOOLEAN and text in ("true", "false"):
        return text == "true"
    if found.kind in (Kind.ONE, Kind.MANY) and operator in ("in", "not_in"):
        return _related_key(found, text)
    return _whole(text) if found.kind in (Kind.INTEGER, Kind.ONE, Kind.MANY) else text


def _related_key(found: Attribute, text: str) -> Any:
    if text == ME:
        return ME
    record = find_related(found.related, text)
    if record is None:
        raise BadInput(_("No record “%(text)s” was found. Choose one from the list.", text=quoted(text)))
    key = key_text(record)
    return _whole(key) if [part.kind for part in primary_key(found.related)] == [Kind.INTEGER] else key


def _whole(text: str) -> Any:
    """The text as a number of JSON, where that is written the very same and keeps every digit in a browser."""
    is_plain = text.isascii() and text.isdigit() and len(text) < 16 and str(int(text)) == text
    return int(text) if is_plain else text


def pills(view: BaseRecordView, address: ListAddress) -> list[Pill]:
    """Each condition and group of the filter in words, with the address that is without it."""
    where = address.selection.where
    if where is None:
        return []
    words = Words(view, address.selection.asker, where)
    return [Pill(words.of(item), address.to(where=_without(where, index))) for index, item in enumerate(where.items)]


def other_match(address: ListAddress) -> str:
    """The address where ALL has become ANY, or the other way round."""
    where = address.selection.where
    if where is None or len(where.items) < 2:
        return ""
    return address.to(where=Group("any" if where.match == "all" else "all", where.items).text)


def _without(where: Group, index: int) -> str:
    items = where.items[:index] + where.items[index + 1 :]
    return Group(where.match, items).text if items else ""
