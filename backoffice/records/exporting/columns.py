"""The columns of a file: what each asks of the database, and how what comes becomes exact texts and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.hybrid import HybridExtensionType

from backoffice.database.attributes import Attribute, Kind, label_of
from backoffice.database.limits import MYSQL
from backoffice.models import UTCDateTime
from backoffice.records.exporting.values import PLAIN, exact_value

# Exact values by columns: None, texts and numbers, as many in each column as the block has rows.
Block = list[Sequence[Any]]


@dataclass(frozen=True)
class Column:
    """One column of a file. `read` makes its text from a record where the column's own value is not what is wanted."""

    name: str
    title: str
    found: Attribute | None = None
    read: Callable[[Any], str] | None = None

    @property
    def kind(self) -> Kind:
        """What its cells hold: a related record stands there by its name."""
        as_text = self.read is not None or self.found is None or self.found.kind is Kind.ONE
        return Kind.TEXT if as_text or self.found is None else self.found.kind

    @property
    def is_typed(self) -> bool:
        """Whether its cells hold what somebody typed, which may be a formula."""
        return self.kind not in (*PLAIN, Kind.INTEGER, Kind.BOOLEAN)

    @property
    def needs_record(self) -> bool:
        """Whether only the record itself can tell: by a formatter, in Python, or through a relation to many."""
        if self.read is not None or self.found is None or self.found.kind is Kind.MANY:
            return True
        if self.found.kind is Kind.ONE:
            return bool(self.found.path) or label_of(self.found.related) is None
        return _is_hybrid(self.found)


def _is_hybrid(found: Attribute) -> bool:
    holder = found.path[-1].property.mapper if found.path else sa.inspect(found.expression.class_)
    return bool(holder.all_orm_descriptors[found.key].extension_type is HybridExtensionType.HYBRID_PROPERTY)


def expression(column: Any, found: Attribute, dialect: str) -> Any:
    """What to select for `found`, whose own column (or that of a joined table) is `column`."""
    if not _is_bare_moment(found):
        return column
    # PyMySQL takes longer to make a moment of three numbers and a fraction than to read all the rest of a row.
    return sa.cast(column, sa.CHAR(26)) if dialect in MYSQL else sa.type_coerce(column, sa.DateTime())


def exact(found: Attribute, dialect: str) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """How a column of values, selected by `expression`, becomes one of exact texts and numbers."""
    if _is_bare_moment(found):
        zone = "Z" if isinstance(found.type, UTCDateTime) else ""
        moment = _moment_of_text if dialect in MYSQL else _moment
        return lambda values: [None if value is None else moment(value) + zone for value in values]
    if type(found.type) in AS_THEY_ARE or found.kind is Kind.ONE:
        return lambda values: values
    return lambda values: [exact_value(found, value) for value in values]


AS_THEY_ARE = (sa.String, sa.Text, sa.Unicode, sa.UnicodeText, sa.Integer, sa.BigInteger, sa.SmallInteger)
BARE_MOMENTS = (UTCDateTime, sa.DateTime, mysql.DATETIME)


def _is_bare_moment(found: Attribute) -> bool:
    """Whether a moment comes from the database as it is kept, with no zone and no type of somebody's own on top."""
    return type(found.type) in BARE_MOMENTS and not getattr(found.type, "timezone", False)


def _moment(value: Any) -> str:
    return str(value.isoformat())


def _moment_of_text(value: str) -> str:
    return f"{value[:10]}T{value[11:]}".removesuffix(".000000")
