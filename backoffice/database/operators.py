"""The comparisons that filters offer: which exist for which kind of column, and the SQL each one means."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from backoffice.database import texts
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.keys import foreign_key, has_key, linked_keys
from backoffice.database.relative import Span

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
    Kind.DATE: ("during", *ORDERED, *PRESENCE),
    Kind.TIME: (*ORDERED, *PRESENCE),
    Kind.DATETIME: ("during", "on", *ORDERED[2:], "equals", *PRESENCE),
    Kind.INTERVAL: (*ORDERED, *PRESENCE),
    Kind.ENUM: ("in", "not_in", "equals", "not_equals", *PRESENCE),
    Kind.JSON: ("contains", "not_contains", *PRESENCE),
    Kind.UUID: ("equals", "not_equals", "in", "not_in", *PRESENCE),
    Kind.BINARY: PRESENCE,
    Kind.OPAQUE: PRESENCE,
    Kind.ONE: ("in", "not_in", *PRESENCE),
    Kind.MANY: ("in", "not_in", "at_least", "at_most", "empty", "not_empty"),
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
    # Where a relation on the way leads nowhere, there is no value either.
    absent = operator in ("null", "empty")
    for step in reversed(attribute.path):
        predicate = sa.not_(step.has(sa.not_(predicate))) if absent else step.has(predicate)
    return predicate


def does_not_match(attribute: Attribute, operator: str, operand: Any) -> sa.ColumnElement[bool]:
    """Every other row, those without a value among them: to a person, what has no title does not contain “x”."""
    predicate = matches(attribute, operator, operand)
    decided = operator in ("null", "empty", "on", "during") or attribute.path or attribute.kind is Kind.MANY
    # Of a relation by several columns it says whether all of them may be empty.
    if decided or not (attribute.nullable or attribute.kind is Kind.ONE):
        return sa.not_(predicate)
    is_absent = _one_null(attribute, None) if attribute.kind is Kind.ONE else attribute.expression.is_(sa.null())
    return sa.or_(sa.not_(predicate), is_absent)


def _in(attribute: Attribute, operand: Sequence[Any]) -> sa.ColumnElement[bool]:
    return attribute.expression.in_(operand)  # type: ignore[no-any-return]  # an untyped attribute's method


def _is(attribute: Attribute, operand: bool) -> sa.ColumnElement[bool]:
    expression: Any = attribute.expression
    if attribute.column is None:  # a computed condition: itself, or its opposite
        return expression if operand else sa.not_(expression)  # type: ignore[no-any-return]  # an untyped attribute
    return expression.is_(sa.true() if operand else sa.false())  # type: ignore[no-any-return]  # as above


def _within(attribute: Attribute, span: Span) -> sa.ColumnElement[bool]:
    ends = [] if span.start is None else [attribute.expression >= span.start]
    ends += [] if span.end is None else [attribute.expression < span.end]
    return sa.and_(attribute.expression.is_not(sa.null()), *ends)


def _json_contains(attribute: Attribute, operand: str) -> sa.ColumnElement[bool]:
    """In the text of the JSON, in which characters beyond ASCII may be escaped."""
    escaped = json.dumps(operand)[1:-1]
    return sa.or_(*(texts.contains(_json_text(attribute), text) for text in dict.fromkeys((operand, escaped))))


def _json_null(attribute: Attribute, _: Any) -> sa.ColumnElement[bool]:
    """SQL NULL or JSON's null: both reach a person as “no value”."""
    return sa.or_(attribute.expression.is_(sa.null()), _json_text(attribute) == "null")


def _json_text(attribute: Attribute) -> sa.ColumnElement[str]:
    return sa.cast(attribute.expression, sa.Text().with_variant(sa.CHAR(), "mysql", "mariadb"))


def _one_in(attribute: Attribute, keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    assert attribute.relationship is not None  # noqa: S101  # for the type checker: a relation has its relationship
    column = foreign_key(attribute.relationship)
    if column is not None:
        # Of one record, as mostly, it is said in the plainest way: a list of values is written out each time anew.
        return column == keys[0][0] if len(keys) == 1 else column.in_([key[0] for key in keys])
    return attribute.expression.has(has_key(attribute.related, keys))  # type: ignore[no-any-return]  # as above


def _many_in(attribute: Attribute, keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    assert attribute.relationship is not None  # noqa: S101  # as above
    linked = linked_keys(attribute.relationship)
    if linked is None:
        return attribute.expression.any(has_key(attribute.related, keys))  # type: ignore[no-any-return]  # as above
    links, columns = linked
    chosen = columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else sa.tuple_(*columns).in_(keys)
    return links.where(chosen).exists()


def _many_at_least(attribute: Attribute, number: int) -> sa.ColumnElement[bool]:
    """Whether there is one after the `number - 1` first: no more are looked at, however many there are."""
    assert attribute.relationship is not None  # noqa: S101  # as above
    if number < 1:
        return sa.true()
    linked = linked_keys(attribute.relationship)
    links = linked[0] if linked else attribute.expression.any().element.element
    if number == 1:
        return links.exists() if linked else attribute.expression.any()
    return links.limit(1).offset(number - 1).scalar_subquery().is_not(sa.null())


def _one_null(attribute: Attribute, _: Any) -> sa.ColumnElement[bool]:
    return attribute.expression == None  # type: ignore[no-any-return]  # noqa: E711  # SQLAlchemy spells it so


Test = Callable[[Attribute, Any], sa.ColumnElement[bool]]
PLAIN: dict[str, Test] = {
    "equals": lambda a, v: a.expression == v,
    "in": _in,
    "is": _is,
    "on": _within,
    "during": _within,
    "greater": lambda a, v: a.expression > v,
    "at_least": lambda a, v: a.expression >= v,
    "less": lambda a, v: a.expression < v,
    "at_most": lambda a, v: a.expression <= v,
    "between": lambda a, v: a.expression.between(v[0], v[1]),
    "null": lambda a, _: a.expression.is_(sa.null()),
}
BY_KIND: dict[tuple[Kind, str], Test] = {
    (Kind.TEXT, "contains"): lambda a, v: texts.contains(a.expression, v),
    (Kind.TEXT, "starts_with"): lambda a, v: texts.starts_with(a.expression, v),
    (Kind.TEXT, "ends_with"): lambda a, v: texts.ends_with(a.expression, v),
    (Kind.TEXT, "equals"): lambda a, v: texts.same(a.expression, v),
    (Kind.TEXT, "in"): lambda a, v: texts.one_of(a.expression, v),
    (Kind.TEXT, "empty"): lambda a, _: sa.or_(a.expression.is_(sa.null()), texts.same(a.expression, "")),
    (Kind.JSON, "contains"): _json_contains,
    (Kind.JSON, "null"): _json_null,
    (Kind.ONE, "in"): _one_in,
    (Kind.ONE, "null"): _one_null,
    (Kind.MANY, "in"): _many_in,
    (Kind.MANY, "empty"): lambda a, _: sa.not_(_many_at_least(a, 1)),
    (Kind.MANY, "at_least"): _many_at_least,
    (Kind.MANY, "at_most"): lambda a, v: sa.not_(_many_at_least(a, v + 1)),
}
