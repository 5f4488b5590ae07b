"""What a model's columns and relations are: found once by name, then used by lists, filters, forms and exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute, Mapper, RelationshipProperty
from sqlalchemy.types import TypeEngine

Asked = TypeVar("Asked", bound=Callable[..., Any])


class Kind(StrEnum):
    """The behaviours a column can have; every SQLAlchemy type falls into one."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    INTERVAL = "interval"
    ENUM = "enum"
    JSON = "json"
    UUID = "uuid"
    BINARY = "binary"
    OPAQUE = "opaque"
    ONE = "one"
    MANY = "many"


# Order matters: Enum is a String, PickleType wraps LargeBinary, Float is a Numeric on some versions.
KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (sa.PickleType, Kind.OPAQUE),
    (sa.Enum, Kind.ENUM),
    (sa.Boolean, Kind.BOOLEAN),
    (sa.Uuid, Kind.UUID),
    (sa.JSON, Kind.JSON),
    (sa.Interval, Kind.INTERVAL),
    (sa.DateTime, Kind.DATETIME),
    (sa.Date, Kind.DATE),
    (sa.Time, Kind.TIME),
    (sa.LargeBinary, Kind.BINARY),
    (sa.Integer, Kind.INTEGER),
    (sa.Numeric, Kind.NUMBER),
    (sa.Float, Kind.NUMBER),
    (sa.String, Kind.TEXT),
)


# Columns so named are on no page unless a view asks for them by name, and their values are in no history.
SECRET_WORDS = ("password", "secret")


def once(function: Asked) -> Asked:
    """`functools.cache` that keeps the function's own types: to mypy, classes cannot be keys."""
    return cast("Asked", cache(function))


@dataclass(frozen=True)
class Attribute:
    """One column, computed column or relation of a model, reached by `name` (dotted through relations to one)."""

    name: str
    kind: Kind
    expression: Any
    type: TypeEngine[Any] | None = None
    nullable: bool = True
    primary_key: bool = False
    unique: bool = False
    column: sa.Column[Any] | None = None
    relationship: RelationshipProperty[Any] | None = None
    path: tuple[InstrumentedAttribute[Any], ...] = ()

    @property
    def key(self) -> str:
        """The last part of the name: what the value is called on the record that holds it."""
        return self.name.rpartition(".")[2]

    @property
    def related(self) -> Any:
        """The model at the other end of a relation."""
        if self.relationship is None:
            raise LookupError(f"{self.name} is not a relation")
        return self.relationship.mapper.class_


def kind_of(column_type: TypeEngine[Any]) -> Kind:
    """The behaviour of a column type; what is not known is shown and never edited."""
    if isinstance(column_type, sa.types.TypeDecorator) and not isinstance(column_type, (sa.PickleType, sa.Interval)):
        return kind_of(column_type.impl_instance)
    return next((kind for known, kind in KINDS if isinstance(column_type, known)), Kind.OPAQUE)


@once
def attribute(model: type[Any], name: str) -> Attribute:
    """The attribute called `name`; LookupError where the model has none such. Found once: models do not change."""
    path: list[InstrumentedAttribute[Any]] = []
    *steps, last = name.split(".")
    for step in steps:
        relation = _lookup(model, step)
        if relation.kind is not Kind.ONE:
            raise LookupError(f"{step} in {name} is not a relation to one record")
        path.append(relation.expression)
        model = relation.related
    found = _lookup(model, last)
    return Attribute(**{**vars(found), "name": name, "path": tuple(path)})


@once
def attributes(model: type[Any]) -> Mapping[str, Attribute]:
    """Every mapped column and relation of a model by name, in the order of their declaration, columns first.

    Columns of the product's own (`info={"internal": True}`), such as search tokens, are on no page and left out.
    """
    mapper: Mapper[Any] = sa.inspect(model)
    columns = {p.key: p.columns[0] for p in mapper.column_attrs}
    names = [n for n, c in columns.items() if isinstance(c, sa.Column) and not c.info.get("internal")]
    return {name: _lookup(model, name) for name in names + [r.key for r in mapper.relationships]}


@once
def primary_key(model: type[Any]) -> tuple[Attribute, ...]:
    """The attributes that make up a model's key, in the key's order."""
    mapper: Mapper[Any] = sa.inspect(model)
    return tuple(_lookup(model, mapper.get_property_by_column(c).key) for c in mapper.primary_key)


@once
def version_attribute(model: type[Any]) -> str | None:
    """The name of the integer that counts a record's changes, where the model keeps one."""
    mapper: Mapper[Any] = sa.inspect(model)
    return None if mapper.version_id_col is None else mapper.get_property_by_column(mapper.version_id_col).key


def label_of(model: type[Any]) -> str | None:
    """The text column that is a record's name, where the model says so in `__label__`."""
    return getattr(model, "__label__", None)


def is_secret(found: Attribute) -> bool:
    """Whether a column's name says that it is not for showing."""
    return any(word in found.name for word in SECRET_WORDS)


def _lookup(model: type[Any], name: str) -> Attribute:
    mapper: Mapper[Any] = sa.inspect(model)
    if name not in mapper.all_orm_descriptors:
        raise LookupError(f"{model.__name__} has no attribute {name!r}")
    expression = getattr(model, name)
    if name in mapper.relationships:
        return _relation(name, expression, mapper.relationships[name])
    prop = mapper.attrs.get(name)
    if isinstance(prop, ColumnProperty) and isinstance(prop.columns[0], sa.Column):
        return _column(name, expression, prop.columns[0])
    if mapper.all_orm_descriptors[name].extension_type in (HybridExtensionType.HYBRID_PROPERTY,) or prop is not None:
        kind = kind_of(expression.type)
        return Attribute(name, kind, expression, type=expression.type)
    raise LookupError(f"{model.__name__}.{name} cannot be listed")


def _column(name: str, expression: Any, column: sa.Column[Any]) -> Attribute:
    return Attribute(
        name,
        kind_of(column.type),
        expression,
        type=column.type,
        nullable=bool(column.nullable),
        primary_key=column.primary_key,
        unique=_is_unique(column),
        column=column,
    )


def _is_unique(column: sa.Column[Any]) -> bool:
    table = column.table
    alone = [list(c.columns) for c in getattr(table, "constraints", ()) if isinstance(c, sa.UniqueConstraint)]
    alone += [list(i.columns) for i in getattr(table, "indexes", ()) if i.unique]
    return bool(column.unique) or [column] in alone


def _relation(name: str, expression: Any, relation: RelationshipProperty[Any]) -> Attribute:
    return Attribute(
        name,
        Kind.MANY if relation.uselist else Kind.ONE,
        expression,
        nullable=all(c.nullable for c in relation.local_columns) if not relation.uselist else True,
        relationship=relation,
    )
