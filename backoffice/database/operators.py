"""The comparisons that filters offer: which exist for which kind of column, and the SQL each one means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from backoffice.database.attributes import Attribute, Kind
from backoffice.database.keys import foreign_key, has_key
from backoffice.models import UTCDateTime

ORDERED = ("equals", "not_equals", "greater", "at_least", "less", "at_most", "between")
PRESENCE = ("null", "not_null")
OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: (
        "contains", "not_contains", "equals", "not_equals", "starts_with", "ends_with", "in", "not_in",
        "empty", "not_empty", *PRESENCE,
    ),
    Kind.INTEGER: (*ORDERED, "in", "not_in", *PRESENCE),
    Kind.NUMBER: (*ORDERED, "in", "not_in", *PRESENCE),
    Kind.BOOLEAN: ("is", *PRESENCE),
    Kind.DATE: (*ORDERED, *PRESENCE),
    Kind.TIME: (*ORDERED, *PRESENCE),
    Kind.DATETIME: ("on", *ORDERED[2:], "equals", *PRESENCE),
    Kind.INTERVAL: (*ORDERED, *PRESENCE),
    Kind.ENUM: ("in", "not_in", "equals", "not_equals", *PRESENCE),
    Kind.JSON: ("contains", "not_contains", *PRESENCE),
    Kind.UUID: ("equals", "not_equals", "in", "not_in", *PRESENCE),
    Kind.BINARY: PRESENCE,
    Kind.OPAQUE: PRESENCE,
    Kind.ONE: ("in", "not_in", *PRESENCE),
    Kind.MANY: ("in", "not_in", "empty", "not_empty"),
}  # fmt: skip
WITHOUT_OPERAND = frozenset({"null", "not_null", "empty", "not_empty"})
WITH_LIST = frozenset({"in", "not_in", "between"})


def operators_of(attribute: Attribute) -> tuple[str, ...]:
    """The comparisons this column offers; whether there is a value is no question where there always is one."""
    return tuple(o for o in OPERATORS[attribute.kind] if attribute.nullable or o not in PRESENCE)


def matches(attribute: Attribute, operator: str, operand: Any) -> sa.ColumnElement[bool]:
    """The rows for which a (positive) comparison holds. Never NULL where the column is: see `does_not_match`."""
    test = BY_KIND.get((attribute.kind, operator)) or PLAIN[operator]
    predicate = test(attribute, operand)
    for step in reversed(attribute.path):
        predicate = step.has(predicate)
    return predicate


def does_not_match(attribute: Attribute, operator: str, operand: Any) -> sa.ColumnElement[bool]:
    """Every other row, those without a value among them: to a person, what has no title does not contain “x”."""
    predicate = matches(attribute, operator, operand)
    decided = operator in ("null", "empty") or attribute.path or attribute.kind in (Kind.ONE, Kind.MANY)
    if decided or not attribute.nullable:
        return sa.not_(predicate)
    return sa.or_(sa.not_(predicate), attribute.expression.is_(sa.null()))


def like_pattern(text: str, before: str = "%", after: str = "%") -> str:
    """What a person typed as a LIKE pattern in which `%` and `_` are only text; escaped by a slash."""
    for special in "/%_":
        text = text.replace(special, "/" + special)
    return before + text + after


def _contains(attribute: Attribute, operand: str) -> sa.ColumnElement[bool]:
    return _like(attribute.expression, like_pattern(operand))


def _like(expression: Any, pattern: str) -> sa.ColumnElement[bool]:
    return expression.ilike(pattern, escape="/")  # type: ignore[no-any-return]  # an untyped attribute's method


def _in(attribute: Attribute, operand: Sequence[Any]) -> sa.ColumnElement[bool]:
    return attribute.expression.in_(operand)  # type: ignore[no-any-return]  # an untyped attribute's method


def _is(attribute: Attribute, operand: bool) -> sa.ColumnElement[bool]:
    expression: Any = attribute.expression
    if attribute.column is None:  # a computed condition: itself, or its opposite
        return expression if operand else sa.not_(expression)  # type: ignore[no-any-return]  # an untyped attribute
    return expression.is_(sa.true() if operand else sa.false())  # type: ignore[no-any-return]  # as above


def _on(attribute: Attribute, operand: date) -> sa.ColumnElement[bool]:
    start = datetime.combine(operand, time(), tzinfo=UTC if isinstance(attribute.type, UTCDateTime) else None)
    if operand == date.max:
        return attribute.expression >= start  # type: ignore[no-any-return]  # as above
    return sa.and_(attribute.expression >= start, attribute.expression < start + timedelta(days=1))


def _json_contains(attribute: Attribute, operand: str) -> sa.ColumnElement[bool]:
    return _like(_json_text(attribute), like_pattern(operand))


def _json_null(attribute: Attribute, _: Any) -> sa.ColumnElement[bool]:
    """SQL NULL or JSON's null: both reach a person as “no value”."""
    return sa.or_(attribute.expression.is_(sa.null()), _json_text(attribute) == "null")


def _json_text(attribute: Attribute) -> sa.ColumnElement[str]:
    return sa.cast(attribute.expression, sa.Text().with_variant(sa.CHAR(), "mysql", "mariadb"))


def _one_in(attribute: Attribute, keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    assert attribute.relationship is not None  # noqa: S101  # for the type checker: a relation has its relationship
    column = foreign_key(attribute.relationship)
    if column is not None:
        return sa.and_(column.is_not(None), column.in_([key[0] for key in keys]))
    return attribute.expression.has(has_key(attribute.related, keys))  # type: ignore[no-any-return]  # as above


def _many_in(attribute: Attribute, keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    return attribute.expression.any(has_key(attribute.related, keys))  # type: ignore[no-any-return]  # as above


def _one_null(attribute: Attribute, _: Any) -> sa.ColumnElement[bool]:
    return attribute.expression == None  # type: ignore[no-any-return]  # noqa: E711  # SQLAlchemy spells it so


Test = Callable[[Attribute, Any], sa.ColumnElement[bool]]
PLAIN: dict[str, Test] = {
    "contains": _contains,
    "equals": lambda a, v: a.expression == v,
    "starts_with": lambda a, v: _like(a.expression, like_pattern(v, before="")),
    "ends_with": lambda a, v: _like(a.expression, like_pattern(v, after="")),
    "in": _in,
    "is": _is,
    "on": _on,
    "greater": lambda a, v: a.expression > v,
    "at_least": lambda a, v: a.expression >= v,
    "less": lambda a, v: a.expression < v,
    "at_most": lambda a, v: a.expression <= v,
    "between": lambda a, v: a.expression.between(v[0], v[1]),
    "null": lambda a, _: a.expression.is_(sa.null()),
    "empty": lambda a, _: sa.or_(a.expression.is_(sa.null()), a.expression == ""),
}
BY_KIND: dict[tuple[Kind, str], Test] = {
    (Kind.JSON, "contains"): _json_contains,
    (Kind.JSON, "null"): _json_null,
    (Kind.ONE, "in"): _one_in,
    (Kind.ONE, "null"): _one_null,
    (Kind.MANY, "in"): _many_in,
    (Kind.MANY, "empty"): lambda a, _: sa.not_(a.expression.any()),
}
