"""Record keys as they stand in addresses: one text for a key of any type and any number of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_admin.tools import iterdecode, iterencode
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty, Session

from backoffice.database.attributes import Attribute, Kind, primary_key
from backoffice.database.reading import checked
from backoffice.database.values import parse_value, print_value
from backoffice.errors import BadInput

MAX_TEXT = 1000
# Of more keys than these a range is asked for, where at most one of so many in it is missing.
FEW, SPARSE = 20, 10


def key_text(record: Any) -> str:
    """A record's key as one text; several columns stand in the key's order, parted by commas (as Flask-Admin does)."""
    model = type(record)
    parts = primary_key(model)
    if len(parts) == 1 and parts[0].kind is Kind.INTEGER:
        return str(getattr(record, parts[0].name))  # as `print_key` writes it, for every row of every list
    return print_key(model, [getattr(record, part.name) for part in parts])


def print_key(model: type[Any], values: Iterable[Any]) -> str:
    """The values of a key as that text; `parse_key` reads it."""
    return str(iterencode(print_value(part, value) for part, value in zip(primary_key(model), values, strict=True)))


def parse_key(model: type[Any], text: str) -> tuple[Any, ...] | None:
    """The key's values, or None where the text cannot be a key of this model."""
    parts = primary_key(model)
    texts = iterdecode(text)
    # Only the one writing that key_text makes: another would be a second address of the same record.
    if len(text) > MAX_TEXT or len(texts) != len(parts) or iterencode(texts) != text:
        return None
    try:
        return tuple(parse_value(part, checked(raw)) for part, raw in zip(parts, texts, strict=True))
    except BadInput:
        return None


def has_key(model: type[Any], keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    """The records whose key is one of `keys`."""
    return hold_one_of([part.expression for part in primary_key(model)], keys)


def has_key_of_many(model: type[Any], keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    """The same for thousands of keys, which are whole numbers as a rule.

    Those that stand close together are asked for as the range they are in, without the few that are missing there: a
    table is read along its key then. Others are written into the statement, which is quicker than to bind them.
    """
    parts = primary_key(model)
    if len(parts) != 1 or parts[0].kind is not Kind.INTEGER:
        return has_key(model, keys)
    numbers = {int(key[0]) for key in keys}
    first, last = min(numbers, default=0), max(numbers, default=0)
    missing = last - first + 1 - len(numbers)
    if len(numbers) > FEW and missing * SPARSE <= len(numbers):
        here = parts[0].expression.between(first, last)
        return sa.and_(here, sa.not_(_written(parts[0], set(range(first, last + 1)) - numbers))) if missing else here
    return _written(parts[0], numbers)


def _written(part: Attribute, numbers: Iterable[int]) -> sa.ColumnElement[bool]:
    """The key is one of these numbers, each of which stands in the statement."""
    found: sa.BindParameter[Any] = sa.bindparam(
        None, sorted(numbers), expanding=True, literal_execute=True, unique=True
    )
    condition: sa.ColumnElement[bool] = part.expression.in_(found)
    return condition


def hold_one_of(columns: Sequence[Any], rows: Iterable[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    """The columns together hold one of these rows of values."""
    if len(columns) == 1:
        return columns[0].in_([row[0] for row in rows])  # type: ignore[no-any-return]  # an untyped column's method
    return sa.tuple_(*columns).in_(list(rows))


def records_of(session: Session, statement: sa.Select[Any], model: type[Any], texts: Sequence[str]) -> list[Any]:
    """The records with these key texts that `statement` (the person's scope) holds, in the order asked for."""
    keys = [key for key in dict.fromkeys(parse_key(model, text) for text in texts) if key is not None]
    found = {key_text(r): r for r in session.scalars(statement.where(has_key(model, keys))).unique()} if keys else {}
    return [found[text] for text in dict.fromkeys(texts) if text in found]


def foreign_key(relation: RelationshipProperty[Any]) -> InstrumentedAttribute[Any] | None:
    """The record's own single column that a relation to one follows to a single-column key, if that is how it goes."""
    pairs = relation.local_remote_pairs or []
    if len(pairs) != 1 or list(relation.mapper.primary_key) != [pairs[0][1]]:
        return None
    prop = relation.parent.get_property_by_column(pairs[0][0])
    found: InstrumentedAttribute[Any] = getattr(relation.parent.class_, prop.key)
    return found


def linked_keys(relation: RelationshipProperty[Any]) -> tuple[sa.Select[Any], list[sa.ColumnElement[Any]]] | None:
    """A record's rows in the link table of a relation to many, and the columns there that hold the others' keys.

    None where there is no such table, or where it takes more than those columns to tell who is linked.
    """
    if relation.secondary is None or relation.secondaryjoin is None:
        return None
    own, theirs = relation.synchronize_pairs, relation.secondary_synchronize_pairs or ()
    if [pair[0] for pair in theirs] != list(relation.mapper.primary_key):
        return None
    joins = ((relation.primaryjoin, own), (relation.secondaryjoin, theirs))
    if not all(sa.and_(*(left == right for left, right in pairs)).compare(join) for join, pairs in joins):
        return None
    links: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(relation.secondary)
    return links.where(relation.primaryjoin).correlate_except(relation.secondary), [right for _left, right in theirs]
