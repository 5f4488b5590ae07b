"""Record keys as they stand in addresses: one text for a key of any type and any number of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_admin.tools import iterdecode, iterencode
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty

from backoffice.database.attributes import primary_key
from backoffice.database.values import parse_value, print_value
from backoffice.errors import BadInput


def key_text(record: Any) -> str:
    """A record's key as one text; several columns stand in the key's order, parted by commas (as Flask-Admin does)."""
    return str(iterencode(print_value(part, getattr(record, part.name)) for part in primary_key(type(record))))


def parse_key(model: type[Any], text: str) -> tuple[Any, ...] | None:
    """The key's values, or None where the text cannot be a key of this model."""
    parts = primary_key(model)
    texts = iterdecode(text)
    if len(texts) != len(parts):
        return None
    try:
        return tuple(parse_value(part, raw) for part, raw in zip(parts, texts, strict=True))
    except BadInput:
        return None


def has_key(model: type[Any], keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    """The records whose key is one of `keys`."""
    columns = [part.expression for part in primary_key(model)]
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])  # type: ignore[no-any-return]  # an untyped attribute's method
    return sa.or_(sa.false(), *(sa.and_(*(c == v for c, v in zip(columns, key, strict=True))) for key in keys))


def foreign_key(relation: RelationshipProperty[Any]) -> InstrumentedAttribute[Any] | None:
    """The record's own single column that a relation to one follows to a single-column key, if that is how it goes."""
    pairs = relation.local_remote_pairs or []
    if len(pairs) != 1 or list(relation.mapper.primary_key) != [pairs[0][1]]:
        return None
    prop = relation.parent.get_property_by_column(pairs[0][0])
    found: InstrumentedAttribute[Any] = getattr(relation.parent.class_, prop.key)
    return found
