"""Filters as people write them in addresses, checked and turned into one predicate.

    where={"all": [["title", "contains", "三体"], {"any": [["published", "is", true], {"not": ["user", "in", [5]]}]}]}

A condition is `[column, operator, operand]`; `all`, `any` and `not` group conditions and groups.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from flask_babel import gettext as _

from backoffice.database.asking import Asker
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.keys import parse_key
from backoffice.database.operators import (
    WITH_LIST,
    WITHOUT_OPERAND,
    does_not_match,
    matches,
    operators_of,
)
from backoffice.database.reading import checked, quoted
from backoffice.database.relative import Period, parse_period, span_of
from backoffice.database.values import parse_value
from backoffice.errors import BadInput

# As an operand: the record of the related model that is the person who asks.
ME = "me"
MAX_DEPTH = 8
MAX_CONDITIONS = 100
MAX_OPERANDS = 1000
MAX_OPERANDS_IN_ALL = 2000
MAX_PATTERN = 500
MAX_LINKED = 1000
# In an address, where a Chinese character takes nine; proxies refuse addresses of more than 8 KiB. UNQUOTED stand there
# as they are; no character takes more than LONGEST_QUOTED.
MAX_LENGTH, UNQUOTED, LONGEST_QUOTED = 8000, "!$'()*,/:;?@", 12


@dataclass(frozen=True)
class Condition:
    """One comparison: `source` as it was written, `operand` as the column's own type."""

    attribute: Attribute
    operator: str
    operand: Any
    source: Any

    def predicate(self, asker: Asker, *, negated: bool = False) -> sa.ColumnElement[bool]:
        """The rows it holds for, or with `negated` every other row."""
        positive = self.operator.removeprefix("not_")
        operand = self._resolved(asker)
        if operand == []:  # `me`, asked by somebody who has no record there
            return sa.true() if negated is (positive == self.operator) else sa.false()
        if negated is (positive != self.operator):
            return matches(self.attribute, positive, operand)
        return does_not_match(self.attribute, positive, operand)

    def _resolved(self, asker: Asker) -> Any:
        """The operand with what depends on the person and the moment filled in."""
        if self.is_settled:
            return self.operand
        if isinstance(self.operand, list):
            keys = (asker.me(self.attribute.related) if key == ME else key for key in self.operand)
            return [key for key in keys if key is not None]
        return span_of(self.operand, self.attribute, asker)

    @property
    def is_settled(self) -> bool:
        """Whether it means the same rows whoever asks, and whenever."""
        if isinstance(self.operand, list):
            return ME not in self.operand or self.attribute.kind not in (Kind.ONE, Kind.MANY)
        return not (isinstance(self.operand, (date, Period)) and self.operator in ("on", "during"))

    def conditions(self) -> int:
        """How many comparisons there are in all."""
        return 1

    def operands(self) -> int:
        """How many values are compared with in all."""
        return len(self.operand) if isinstance(self.operand, list) else 1


@dataclass(frozen=True)
class Group:
    """Conditions and groups that must hold all together, any of them, or (one alone) not."""

    match: Literal["all", "any", "not"]
    items: tuple[Condition | Group, ...]

    def predicate(self, asker: Asker, *, negated: bool = False) -> sa.ColumnElement[bool]:
        """The rows it holds for. A negation is carried down to the conditions: there NULL is decided."""
        if not self.is_settled:
            return self._predicate(asker, negated=negated)
        if negated not in self._settled:
            self._settled[negated] = self._predicate(asker, negated=negated)
        return self._settled[negated]

    @cached_property
    def is_settled(self) -> bool:
        """Whether it means the same rows whoever asks, and whenever."""
        return all(item.is_settled for item in self.items)

    @cached_property
    def _settled(self) -> dict[bool, sa.ColumnElement[bool]]:
        """What was made of it, as it is and negated."""
        return {}

    def _predicate(self, asker: Asker, *, negated: bool) -> sa.ColumnElement[bool]:
        if self.match == "not":
            return self.items[0].predicate(asker, negated=not negated)
        parts = [item.predicate(asker, negated=negated) for item in self.items]
        return sa.and_(sa.true(), *parts) if (self.match == "all") is not negated else sa.or_(sa.false(), *parts)

    @property
    def source(self) -> Any:
        """As it was written."""
        return {self.match: self.items[0].source if self.match == "not" else [item.source for item in self.items]}

    @cached_property
    def text(self) -> str:
        """The same as text for an address. Every link of a list says it: written once."""
        return _WRITER.encode(self.source)

    def conditions(self) -> int:
        """How many comparisons there are in all."""
        return sum(item.conditions() for item in self.items)

    def operands(self) -> int:
        """How many values are compared with in all."""
        return sum(item.operands() for item in self.items)


def parse_where(text: str, attributes: Mapping[str, Attribute]) -> Group:
    """Read the `where` of an address; a BadInput says which part is wrong and what would be right."""
    _check_length(text)
    try:
        source = _READER.decode(text)
        # Half of a surrogate pair passes in JSON, but no page could be sent that repeats it.
        _WRITER.encode(source).encode()
    except (ValueError, RecursionError):
        raise BadInput(
            _("The filter in the address is not valid JSON. Clear the filters and set them again.")
        ) from None
    return group_of(source, attributes)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: JSON keeps the last, and the filter would widen unseen."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


# Made once: `json.loads` and `json.dumps` would make them for each filter.
_READER = json.JSONDecoder(object_pairs_hook=_without_repeats)
_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def group_of(source: Any, attributes: Mapping[str, Attribute]) -> Group:
    """Check a filter given as plain lists and dictionaries; a lone condition becomes a group of one.

    A bare list of conditions stands for `all` of them.
    """
    if isinstance(source, list) and source and all(isinstance(item, (list, dict)) for item in source):
        source = {"all": source}
    node = _node(source, attributes, 0)
    group = node if isinstance(node, Group) and node.match != "not" else Group("all", (node,))
    if group.conditions() > MAX_CONDITIONS:
        raise BadInput(_("A filter can have at most %(most)s conditions.", most=MAX_CONDITIONS))
    if group.operands() > MAX_OPERANDS_IN_ALL:
        raise BadInput(_("A filter can hold at most %(most)s values in all.", most=MAX_OPERANDS_IN_ALL))
    _check_length(group.text)
    return group


def _check_length(text: str) -> None:
    """Every link of the list repeats the filter: a long one would make a page of many megabytes."""
    if len(text) * LONGEST_QUOTED <= MAX_LENGTH:
        return
    if len(text) > MAX_LENGTH or len(quote(text, safe=UNQUOTED)) > MAX_LENGTH:
        raise BadInput(_("The filter is too long for an address. Use fewer conditions, or fewer and shorter values."))


def _node(source: Any, attributes: Mapping[str, Attribute], depth: int) -> Condition | Group:
    if depth > MAX_DEPTH:
        raise BadInput(_("The filter is nested too deeply: at most %(most)s levels.", most=MAX_DEPTH))
    if isinstance(source, list):
        return _condition(source, attributes)
    if isinstance(source, dict) and len(source) == 1:
        match, items = next(iter(source.items()))
        if match == "not":
            return Group("not", (_node(items, attributes, depth + 1),))
        if match in ("all", "any") and isinstance(items, list) and items:
            return Group(match, tuple(_node(item, attributes, depth + 1) for item in items))
    raise BadInput(
        _('A filter is made of ["column", "operator", value] and of {"all": […]}, {"any": […]} and {"not": …}.')
    )


def _condition(source: list[Any], attributes: Mapping[str, Attribute]) -> Condition:
    if not 2 <= len(source) <= 3 or not all(isinstance(part, str) for part in source[:2]):
        raise BadInput(_('A condition is written ["column", "operator", value].'))
    name, operator = source[:2]
    if name not in attributes:
        raise BadInput(_("There is no column “%(name)s” to filter by.", name=quoted(name)))
    attribute = attributes[name]
    if operator not in operators_of(attribute):
        raise BadInput(
            _(
                "The column “%(name)s” cannot be compared by “%(operator)s”. It knows: %(known)s.",
                name=name, operator=quoted(operator), known=", ".join(operators_of(attribute)),
            )
        )  # fmt: skip
    if (operator in WITHOUT_OPERAND) is (len(source) == 3):
        raise BadInput(
            _("The condition on “%(name)s” lacks its value.", name=name)
            if len(source) == 2
            else _("The comparison “%(operator)s” takes no value.", operator=operator)
        )
    if operator in WITHOUT_OPERAND:
        return Condition(attribute, operator, None, [name, operator])
    return Condition(attribute, operator, _operand(attribute, operator, source[2]), [name, operator, source[2]])


def _operand(attribute: Attribute, operator: str, raw: Any) -> Any:
    if operator not in WITH_LIST:
        return _value(attribute, operator, raw)
    if not isinstance(raw, list) or not raw or len(raw) > MAX_OPERANDS:
        raise BadInput(_("“%(name)s” needs a list of 1 to %(most)s values.", name=attribute.name, most=MAX_OPERANDS))
    if operator == "between" and len(raw) != 2:
        raise BadInput(_("“%(name)s” between needs two values: from and to.", name=attribute.name))
    return [_value(attribute, operator, item) for item in raw]


def _value(attribute: Attribute, operator: str, raw: Any) -> Any:
    if isinstance(raw, str) and len(raw) > MAX_PATTERN:
        raise BadInput(_("A value to compare with can have at most %(most)s characters.", most=MAX_PATTERN))
    if attribute.kind in (Kind.ONE, Kind.MANY):
        return _number_of_links(raw) if operator in ("at_least", "at_most") else _key(attribute, raw)
    if attribute.kind is Kind.JSON:
        return checked(str(raw))
    if operator == "on":
        return _day(raw)
    if operator == "during":
        return parse_period(raw, attribute.kind)
    value = parse_value(attribute, raw)
    if value is None:
        raise BadInput(_("The condition on “%(name)s” lacks its value.", name=attribute.name))
    return value


def _key(attribute: Attribute, raw: Any) -> Any:
    if raw == ME:
        return ME
    key = parse_key(attribute.related, str(raw)) if isinstance(raw, (str, int)) else None
    if key is None:
        raise BadInput(_("“%(value)s” is not the key of a record.", value=quoted(str(raw))))
    return key


def _number_of_links(raw: Any) -> int:
    text = str(raw) if isinstance(raw, (str, int)) else ""
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) > MAX_LINKED:
        raise BadInput(
            _("“%(value)s” is not a whole number from 0 to %(most)s.", value=quoted(str(raw)), most=MAX_LINKED)
        )
    return int(text)


def _day(raw: Any) -> date:
    try:
        if not isinstance(raw, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", raw):
            raise ValueError("not written as a date")
        return date.fromisoformat(raw)
    except ValueError:
        raise BadInput(_("“%(value)s” is not a date. Write it like 2026-01-31.", value=quoted(str(raw)))) from None
