"""Keeping what is deleted: rows of any table as JSON, whole and in portions, so that they can be put back as they were.

Not the history's snapshots: what nobody may read, such as the hash of a password, is kept here too, shown to nobody and
removed after a while.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapper, Session

from backoffice.database.attributes import Attribute, Kind, kind_of
from backoffice.models import DeletedPart, DeletedRecord, Model
from backoffice.models.searchable import COLUMN as SEARCH_TOKENS
from backoffice.records.snapshots import decode, encode

# Rows of a part: its JSON stays well below what a server takes in one statement.
PORTION = 500
PORTION_CHARACTERS = 1_000_000


def keep_rows(session: Session, record_id: int, number: int, kind: str, rows: sa.Select[Any], table: sa.Table) -> int:
    """Keep the rows of a selection of `table`'s columns as parts from `number` on; the next free number."""
    columns = [c.name for c in rows.selected_columns]
    by_name = {c.name: c for c in table.c}
    result = session.execute(_raw(rows, by_name)).all()
    for portion in _portions([[_kept(by_name[n], v) for n, v in zip(columns, row, strict=True)] for row in result]):
        session.execute(
            sa.insert(DeletedPart),
            [{"record_id": record_id, "number": number, "kind": kind, "table_name": table.name, "columns": columns,
              "rows": portion}],
        )  # fmt: skip
        number += 1
    return number


def columns_of(table: sa.Table) -> list[sa.Column[Any]]:
    """What is kept of a row: all but what is made from the rest."""
    return [c for c in table.c if c.name != SEARCH_TOKENS and c.computed is None]


def insert_rows(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put kept rows back as they were; their search tokens are made anew."""
    shadow = sa.table(table.name, *(sa.column(c.name, _raw_type(c)) for c in table.c))
    model = model_of(table)
    values = [{name: _value(table.c[name], kept) for name, kept in row.items() if name in table.c} for row in rows]
    if model is not None and SEARCH_TOKENS in table.c:
        values = [row | {SEARCH_TOKENS: model.tokens_of(_by_attribute(model, row))} for row in values]
    for start in range(0, len(values), PORTION):
        session.execute(sa.insert(shadow), values[start : start + PORTION])


@event.listens_for(Mapper, "before_insert")
def _leave_keys_of_deleted(mapper: Mapper[Any], connection: sa.Connection, record: Any) -> None:
    """SQLite gives the largest key again once its record is deleted; who is deleted keeps it, to come back with it."""
    key = mapper.primary_key[0]
    if connection.dialect.name != "sqlite" or len(mapper.primary_key) > 1 or not isinstance(key.type, sa.Integer):
        return
    name = mapper.get_property_by_column(key).key
    if not getattr(mapper.class_, "__audited__", False) or getattr(record, name) is not None:
        return
    deleted = sa.select(sa.func.max(sa.cast(DeletedRecord.record_key, sa.Integer)))
    last = connection.scalar(deleted.where(DeletedRecord.table_name == key.table.name))
    if last is not None and last > (connection.scalar(sa.select(sa.func.max(key))) or 0):
        setattr(record, name, last + 1)


def value(table: sa.Table, column: str, kept: Any) -> Any:
    """A kept value, to compare with."""
    return _value(table.c[column], kept)


def encoded(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row's columns for JSON; `decoded` gives them back."""
    return {name: _kept(table.c[name], found) for name, found in row.items()}


def decoded(table: sa.Table, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What `encoded` made, without columns that are gone since."""
    return {name: _value(table.c[name], found) for name, found in kept.items() if name in table.c}


def key_of(table: Any, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The key of a kept row."""
    return tuple(value(table, c.name, row[c.name]) for c in table.primary_key)


def is_link(model: Any) -> bool:
    """Whether a model's records are links: their key is made of other records' keys."""
    return all(column.foreign_keys for column in model.__table__.primary_key)


def model_of(table: sa.Table) -> Any:
    """The class whose records stand in a table, if there is one."""
    return next((m.class_ for m in Model.registry.mappers if m.local_table is table), None)


def _by_attribute(model: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    mapper = sa.inspect(model)
    return {p.key: row.get(p.columns[0].name) for p in mapper.column_attrs if isinstance(p.columns[0], sa.Column)}


def _raw(rows: sa.Select[Any], columns: Mapping[str, sa.Column[Any]]) -> sa.Select[Any]:
    """Pickles are read as the bytes they are."""
    opaque = [c for c in columns.values() if kind_of(c.type) is Kind.OPAQUE]
    if not opaque:
        return rows
    chosen = [sa.type_coerce(c, _raw_type(columns[c.name])).label(c.name) for c in rows.selected_columns]
    return rows.with_only_columns(*chosen)


def _raw_type(column: sa.Column[Any]) -> Any:
    return sa.LargeBinary() if kind_of(column.type) is Kind.OPAQUE else column.type


def _plain(column: sa.Column[Any]) -> Attribute:
    """The column under a name that is no secret: all of it is kept."""
    return Attribute("value", kind_of(column.type), None, type=column.type, nullable=True, column=column)


def _kept(column: sa.Column[Any], found: Any) -> Any:
    if isinstance(found, bytes):
        return {"base64": base64.b64encode(found).decode()}
    return encode(_plain(column), found)


def _value(column: sa.Column[Any], kept: Any) -> Any:
    return decode(_plain(column), kept)


def _portions(rows: list[list[Any]]) -> Iterator[list[list[Any]]]:
    portion: list[list[Any]] = []
    size = 0
    for row in rows:
        length = sum(len(str(part)) for part in row)
        if portion and (len(portion) >= PORTION or size + length > PORTION_CHARACTERS):
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += length
    if portion:
        yield portion
