"""Filters in words: what each comparison is called, and a whole condition as a sentence on its pill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.database.attributes import Kind
from backoffice.database.filtering import Condition, Group

OPERATOR_LABELS: dict[str, Any] = {
    "contains": _l("contains"),
    "not_contains": _l("does not contain"),
    "equals": _l("is"),
    "not_equals": _l("is not"),
    "starts_with": _l("starts with"),
    "ends_with": _l("ends with"),
    "in": _l("is one of"),
    "not_in": _l("is none of"),
    "empty": _l("is empty"),
    "not_empty": _l("is not empty"),
    "null": _l("has no value"),
    "not_null": _l("has a value"),
    "is": _l("is"),
    "on": _l("is on"),
    "greater": _l("is greater than"),
    "at_least": _l("is at least"),
    "less": _l("is less than"),
    "at_most": _l("is at most"),
    "between": _l("is between"),
}
TIME_LABELS: dict[str, Any] = {
    "equals": _l("is exactly"),
    "greater": _l("is after"),
    "at_least": _l("is at or after"),
    "less": _l("is before"),
    "at_most": _l("is at or before"),
}
MANY_LABELS: dict[str, Any] = {
    "in": _l("include one of"),
    "not_in": _l("include none of"),
    "empty": _l("has none"),
    "not_empty": _l("has some"),
}


def operator_label(kind: Kind, operator: str) -> str:
    """What a comparison is called for this kind of column."""
    if kind in (Kind.DATE, Kind.TIME, Kind.DATETIME) and operator in TIME_LABELS:
        return str(TIME_LABELS[operator])
    if kind is Kind.MANY and operator in MANY_LABELS:
        return str(MANY_LABELS[operator])
    return str(OPERATOR_LABELS[operator])


def in_words(node: Condition | Group, label: Callable[[str], str], operand: Callable[[Condition], str]) -> str:
    """A condition or group as a sentence; `label` names columns, `operand` shows values."""
    if isinstance(node, Condition):
        words = [label(node.attribute.name), operator_label(node.attribute.kind, node.operator)]
        return " ".join([*words, operand(node)] if node.operand is not None else words)
    if node.match == "not":
        negated: str = _("not (%(condition)s)", condition=in_words(node.items[0], label, operand))
        return negated
    joint: str = _(" and ") if node.match == "all" else _(" or ")
    return joint.join(
        f"({text})" if isinstance(item, Group) and item.match != "not" else text
        for item, text in ((item, in_words(item, label, operand)) for item in node.items)
    )
