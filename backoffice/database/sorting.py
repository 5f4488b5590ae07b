"""The order of a list: any declared columns, and the key last, so that no two pages overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import aliased

from backoffice.database.attributes import Attribute, primary_key
from backoffice.database.reading import quoted
from backoffice.errors import BadInput


@dataclass(frozen=True)
class SortKey:
    """A column by the name it is sorted under, and the direction."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


def parse_sort(text: str, sortable: Mapping[str, Attribute]) -> tuple[SortKey, ...]:
    """Read `title,-created_at`; BadInput names the column that cannot be sorted by."""
    keys: dict[str, SortKey] = {}
    for part in filter(None, text.split(",")):
        key = SortKey(part.removeprefix("-"), part.startswith("-"))
        if key.name not in sortable:
            raise BadInput(
                _("The list cannot be sorted by “%(name)s”. It can be by: %(known)s.",
                  name=quoted(key.name), known=", ".join(sortable))
            )  # fmt: skip
        keys.setdefault(key.name, key)
    return tuple(keys.values())


def apply_sort(
    statement: sa.Select[Any],
    model: type[Any],
    keys: Sequence[SortKey],
    sortable: Mapping[str, Attribute],
    dialect: str,
) -> sa.Select[Any]:
    """Order a statement by `keys`, the key in the last one's direction breaking ties: an index then serves it."""
    taken: list[sa.ColumnElement[Any]] = []
    for key in keys:
        attribute = sortable[key.name]
        column: Any = attribute.expression
        if attribute.path:
            statement, column = _outer_join(statement, attribute)
        statement = statement.order_by(_directed(column, attribute, key.descending, dialect))
        taken.append(attribute.expression)
    descending = keys[-1].descending if keys else False
    for part in primary_key(model):
        if not any(part.expression is column for column in taken):
            statement = statement.order_by(part.expression.desc() if descending else part.expression.asc())
    return statement


def _outer_join(statement: sa.Select[Any], attribute: Attribute) -> tuple[sa.Select[Any], Any]:
    parent: Any = None
    for step in attribute.path:
        target: Any = aliased(step.property.mapper.class_)
        source = step if parent is None else getattr(parent, step.key)
        statement = statement.outerjoin(target, source.of_type(target) if parent is not None else step.of_type(target))
        parent = target
    return statement, getattr(parent, attribute.key)


def _directed(column: Any, attribute: Attribute, descending: bool, dialect: str) -> Any:
    ordered = column.desc() if descending else column.asc()
    if dialect == "postgresql" and (attribute.nullable or attribute.path):
        # The other databases hold "no value" to be the smallest; one order on all of them.
        return ordered.nulls_last() if descending else ordered.nulls_first()
    return ordered
