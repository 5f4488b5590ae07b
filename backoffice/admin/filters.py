"""The filter panel: from a column's form to the filter in the address, and from the filter to its pills."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from flask_babel import format_date, format_datetime
from flask_babel import gettext as _

from backoffice.admin.address import ListAddress
from backoffice.admin.base import BaseRecordView, view_for
from backoffice.admin.presenters import FilterColumn, Operator, Pill
from backoffice.admin.related import find_related
from backoffice.admin.wording import in_words, operator_label
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.filtering import Condition, Group, group_of
from backoffice.database.keys import has_key, key_text
from backoffice.database.operators import WITHOUT_OPERAND, operators_of
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection, Vocabulary
from backoffice.errors import BadInput

INPUTS: dict[Kind, str] = {
    Kind.INTEGER: "number",
    Kind.NUMBER: "number",
    Kind.DATE: "date",
    Kind.TIME: "time",
    Kind.DATETIME: "datetime",
    Kind.BOOLEAN: "choice",
    Kind.ENUM: "choice",
    Kind.ONE: "relation",
    Kind.MANY: "relation",
}


def filter_columns(view: BaseRecordView, vocabulary: Vocabulary) -> list[FilterColumn]:
    """The columns of the panel with what each can be asked."""
    return [_column(view, name, found) for name, found in vocabulary.filterable.items()]


def _column(view: BaseRecordView, name: str, found: Attribute) -> FilterColumn:
    related = view_for(found.related) if found.kind in (Kind.ONE, Kind.MANY) else None
    return FilterColumn(
        name,
        view.label(name),
        found.kind,
        [Operator(o, operator_label(found.kind, o), _input(found, o)) for o in operators_of(found)],  # type: ignore[arg-type]  # one of its literals
        choices(view, name, found),
        related.page_url("lookup_view") if related and related.may("read") else "",
    )


def _input(found: Attribute, operator: str) -> str:
    if operator in WITHOUT_OPERAND:
        return "none"
    if operator == "on":
        return "date"
    kind = INPUTS.get(found.kind, "text")
    if operator == "between" or (operator in ("in", "not_in") and kind in ("text", "number")):
        return "list"
    return kind


def choices(view: BaseRecordView, name: str, found: Attribute) -> list[tuple[str, str]]:
    """The values to choose from, where a column has few."""
    if found.kind is Kind.BOOLEAN:
        return [("true", _("Yes")), ("false", _("No"))]
    declared = view._column_choices_map.get(name)
    if declared:
        return [(str(value), str(label)) for value, label in declared.items()]
    return [(value, value) for value in getattr(found.type, "enums", ())] if found.kind is Kind.ENUM else []


def add_condition(selection: Selection, form: Any) -> Selection:
    """The selection with the condition of a submitted panel form added (a MultiDict); BadInput where it is wrong."""
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
    if operator not in ("in", "not_in", "between"):
        return _scalar(found, values[0] if values else "")
    if len(values) == 1 and found.kind is not Kind.ENUM:
        # A Chinese comma parts keys, numbers and dates too; in a text it is more likely meant.
        values = values[0].split(",") if found.kind is Kind.TEXT else re.split("[,，]", values[0])
    return [_scalar(found, value.strip()) for value in values if value.strip()]


def _scalar(found: Attribute, text: str) -> Any:
    """The same in JSON's own type, so that the address reads well; a related record by its key."""
    if found.kind is Kind.BOOLEAN and text in ("true", "false"):
        return text == "true"
    if found.kind in (Kind.ONE, Kind.MANY):
        record = find_related(found.related, text)
        if record is None:
            raise BadInput(_("No record “%(text)s” was found. Choose one from the list.", text=quoted(text)))
        text = key_text(record)
    if found.kind in (Kind.INTEGER, Kind.ONE, Kind.MANY) and text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    return text


def pills(view: BaseRecordView, address: ListAddress) -> list[Pill]:
    """Each condition and group of the filter in words, with the address that is without it."""
    where = address.selection.where
    if where is None:
        return []
    return [
        Pill(
            in_words(item, view.label, lambda condition: _operand_in_words(view, condition)),
            address.selecting(address.selection.replace(where=_without(where, index))),
        )
        for index, item in enumerate(where.items)
    ]


def other_match(address: ListAddress) -> str:
    """The address where ALL has become ANY, or the other way round."""
    where = address.selection.where
    if where is None or len(where.items) < 2:
        return ""
    return address.selecting(
        address.selection.replace(where=Group("any" if where.match == "all" else "all", where.items))
    )


def _without(where: Group, index: int) -> Group | None:
    items = where.items[:index] + where.items[index + 1 :]
    return Group(where.match, items) if items else None


def _operand_in_words(view: BaseRecordView, condition: Condition) -> str:
    found = condition.attribute
    if found.kind in (Kind.ONE, Kind.MANY):
        return _record_names(found, condition)
    raw, operand = condition.source[2], condition.operand
    known = dict(choices(view, found.name, found))
    pairs = zip(raw, operand, strict=True) if isinstance(operand, list) else [(raw, operand)]
    words = [known.get(_plain(source), _value_in_words(source, value)) for source, value in pairs]
    if condition.operator == "between":
        return str(_("%(low)s and %(high)s", low=words[0], high=words[1]))
    return str(_(", ").join(words))


def _value_in_words(source: Any, value: Any) -> str:
    if isinstance(value, datetime):
        return str(format_datetime(value, "short"))
    if isinstance(value, date):
        return str(format_date(value, "medium"))
    return f"“{source}”" if isinstance(value, str) else _plain(source)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _record_names(found: Attribute, condition: Condition, most: int = 5) -> str:
    related = view_for(found.related)
    shown = condition.operand[:most]
    names: dict[str, str] = {}
    if related is not None and related.may("read"):
        statement = related.get_query().where(has_key(found.related, shown))
        names = {
            key_text(r): str(r) for r in related.db_session.scalars(statement.options(*related.loading())).unique()
        }
    texts = [names.get(str(raw), f"#{raw}") for raw in condition.source[2][:most]]
    more = len(condition.operand) - len(shown)
    named = _(", ").join(texts)
    return str(_("%(names)s and %(count)s more", names=named, count=more) if more else named)
