"""The rows before and after one in a list, found by its values as a page is: however many come before it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import primary_key
from backoffice.database.cursors import Cursor
from backoffice.database.keys import has_key
from backoffice.database.keyset import Keyset
from backoffice.database.paging import Reader


def neighbours(reader: Reader, record: Any) -> tuple[Any | None, Any | None]:
    """The records before and after this one; None at the ends.

    Whether the list still holds the record makes no difference: its place is where it would stand.
    """
    cursor = _place_of(reader.session, reader.keyset, record)
    if cursor is None:
        return None, None
    return reader.next_to(cursor, backward=True), reader.next_to(cursor, backward=False)


def _place_of(session: Session, keyset: Keyset, record: Any) -> Cursor | None:
    """The record's values in the order's terms, and the segment it stands in; None where it is gone or out of scope.

    They are asked for where only the database can tell them: through a relation, by an expression, or in a search.
    """
    if keyset.named is None and _is_plain(keyset):
        values = [getattr(record, term.attribute.name) for term in keyset.terms]
        return Cursor(tuple(values), keyset.segment_of(values, is_named=False))
    key = tuple(getattr(record, part.name) for part in primary_key(keyset.model))
    named = sa.false() if keyset.named is None else keyset.named
    statement = keyset.base.where(has_key(keyset.model, [key])).with_only_columns(
        *(term.column for term in keyset.terms), named, maintain_column_froms=True
    )
    row = session.execute(statement).first()
    if row is None:
        return None
    *values, is_named = row
    return Cursor(tuple(values), keyset.segment_of(values, is_named=bool(is_named)))


def _is_plain(keyset: Keyset) -> bool:
    """Whether every term is a column of the record itself, which the record has at hand."""
    return all(
        not term.attribute.path and term.attribute.column is not None and term.column is term.attribute.expression
        for term in keyset.terms
    )
