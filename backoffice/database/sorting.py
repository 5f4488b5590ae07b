"""The order of a list: any declared columns, and the key last, so that no two pages overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import aliased

from backoffice.database.attributes import Attribute, Kind, primary_key
from backoffice.database.limits import MYSQL
from backoffice.database.reading import names_in, quoted
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
    for part in names_in(text):
        key = SortKey(part.removeprefix("-"), part.startswith("-"))
        if key.name not in sortable:
            raise BadInput(
                _("The list cannot be sorted by “%(name)s”. It can be by: %(known)s.",
                  name=quoted(key.name), known=", ".join(sortable))
            )  # fmt: skip
        keys.setdefault(key.name, key)
    return tuple(keys.values())


@dataclass(frozen=True)
class Term:
    """One expression that rows are ordered by. `attribute` knows the type of its values."""

    column: Any
    attribute: Attribute
    descending: bool
    nullable: bool

    def ordered(self, dialect: str) -> Any:
        """For ORDER BY; rows without a value stand as if theirs were the smallest, on every database."""
        ordered = self.column.desc() if self.descending else self.column.asc()
        if dialect == "postgresql" and self.nullable:
            # The other databases hold "no value" to be the smallest by themselves.
            return ordered.nulls_last() if self.descending else ordered.nulls_first()
        return ordered

    def reversed(self) -> Term:
        """The same in the other direction."""
        return replace(self, descending=not self.descending)


def terms_of(
    statement: sa.Select[Any],
    model: type[Any],
    keys: Sequence[SortKey],
    sortable: Mapping[str, Attribute],
    dialect: str,
) -> tuple[sa.Select[Any], list[Term]]:
    """What rows are ordered by: `keys`, then the record's key in the last one's direction, as an index has it.

    The statement comes back joined to the tables of related columns.
    """
    terms: list[Term] = []
    for key in keys:
        attribute = sortable[key.name]
        column: Any = attribute.expression
        if attribute.path:
            statement, column = _outer_join(statement, attribute)
        if _is_single(attribute, dialect):
            column = column + sa.literal_column("0e0", sa.Double)
        elif attribute.kind is Kind.ENUM and dialect in MYSQL:
            # Ordered by number and compared as text, MySQL's own ENUM would be in two orders at once.
            column = sa.func.concat(column, type_=attribute.type)
        terms.append(Term(column, attribute, key.descending, attribute.nullable or bool(attribute.path)))
    descending = keys[-1].descending if keys else False
    taken = [term.column for term in terms]
    terms += [
        Term(part.expression, part, descending, nullable=False)
        for part in primary_key(model)
        if not any(part.expression is column for column in taken)
    ]
    return statement, terms


def apply_sort(
    statement: sa.Select[Any],
    model: type[Any],
    keys: Sequence[SortKey],
    sortable: Mapping[str, Attribute],
    dialect: str,
) -> sa.Select[Any]:
    """Order a statement by `keys`, the record's key breaking ties: no two pages overlap, and an index serves it."""
    statement, terms = terms_of(statement, model, keys, sortable, dialect)
    return statement.order_by(*(term.ordered(dialect) for term in terms))


def _is_single(attribute: Attribute, dialect: str) -> bool:
    """MySQL's FLOAT is shown rounded: no value read from it equals the one that is kept."""
    return dialect in MYSQL and type(attribute.type) in (sa.Float, sa.FLOAT, sa.REAL)


def _outer_join(statement: sa.Select[Any], attribute: Attribute) -> tuple[sa.Select[Any], Any]:
    parent: Any = None
    for step in attribute.path:
        target: Any = aliased(step.property.mapper.class_)
        source = step if parent is None else getattr(parent, step.key)
        statement = statement.outerjoin(target, source.of_type(target) if parent is not None else step.of_type(target))
        parent = target
    return statement, getattr(parent, attribute.key)
