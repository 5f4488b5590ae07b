"""Bringing back what was deleted: with its key, its values and its links, or a precise word on what prevents it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.database.attributes import version_attribute
from backoffice.database.keys import has_key, print_key
from backoffice.errors import Conflict, NotFound
from backoffice.models import DeletedPart, DeletedRecord, Model
from backoffice.records.auditing import MOST_NAMED, note
from backoffice.records.foreign_links import batches
from backoffice.records.keeping import insert_rows, is_link, key_of, model_of, value
from backoffice.records.obstacles import Plan, Row, plan
from backoffice.records.snapshots import values_of
from backoffice.records.units import once

CHUNK = 500


def restore(session: Session, deleted_id: int, *, accept: bool = False) -> Any:
    """Bring a deleted record back in one transaction. A Conflict says what prevents it.

    Where something cannot come back with it, that is a Conflict too, unless it is accepted.
    """
    return once(session, lambda: put_back(session, deleted_id, accept=accept))


def put_back(session: Session, deleted_id: int, *, accept: bool = False) -> list[Any]:
    """The same inside a unit of work; the key of the record."""
    deleted = session.get(DeletedRecord, deleted_id, populate_existing=True)
    if deleted is None:
        raise NotFound(
            _("This is not among the deleted records any more: somebody has restored it, or it was too old.")
        )
    made = plan(session, deleted)
    problems = made.obstacles.blocking + ([] if accept else made.obstacles.losses)
    if problems:
        raise Conflict(" ".join(problems))
    table = Model.metadata.tables[deleted.table_name]
    own = made.rows[deleted.table_name][0]
    try:
        for each in Model.metadata.sorted_tables:
            insert_rows(session, each, [_newer(each, row) for row in made.rows.get(each.name, ())])
    except (sa.exc.IntegrityError, sa.exc.DataError):
        raise Conflict(_("The database refused to put it back: it does not fit its tables any more.")) from None
    key = [value(table, c.name, own[c.name]) for c in table.primary_key]
    record = session.get(model_of(table), tuple(key), populate_existing=True)
    _note(session, made, deleted.table_name, record)
    _link_again(session, made)
    session.execute(sa.delete(DeletedPart).where(DeletedPart.record_id == deleted_id))
    session.execute(sa.delete(DeletedRecord).where(DeletedRecord.id == deleted_id))
    return key


def prune_some(session: Session, before: datetime) -> int:
    """Forget some of what was deleted before a moment; the caller commits."""
    ids = session.scalars(sa.select(DeletedRecord.id).where(DeletedRecord.deleted_at < before).limit(CHUNK)).all()
    if ids:
        session.execute(sa.delete(DeletedPart).where(DeletedPart.record_id.in_(ids)))
        session.execute(sa.delete(DeletedRecord).where(DeletedRecord.id.in_(ids)))
    return len(ids)


def _newer(table: sa.Table, row: Row) -> Row:
    """A version that no form has seen which was open when the record went."""
    model = model_of(table)
    version = version_attribute(model) if model else None
    if version is None:
        return row
    name = sa.inspect(model).column_attrs[version].columns[0].name
    return row | {name: str(int(row.get(name, 0)) + 1)}


def _note(session: Session, made: Plan, table_name: str, record: Any) -> None:
    """The record's history goes on; those that went with it have one each."""
    for name, rows in made.rows.items():
        model = model_of(Model.metadata.tables[name])
        if model is None or not getattr(model, "__audited__", False) or (name != table_name and is_link(model)):
            continue
        for keys in batches([key_of(model.__table__, row) for row in rows]):
            for found in session.scalars(sa.select(model).where(has_key(model, keys))).unique():
                note(session, found, "restore", changes={n: [None, v] for n, v in values_of(found).items()})
    links: dict[str, dict[str, list[str]]] = {}
    for relation in sa.inspect(type(record)).relationships:
        rows = made.rows.get(relation.secondary.name, []) if relation.secondary is not None else []
        if own := [_far(relation, row) for row in rows if _is_of(relation, record, row)]:
            links[relation.key] = {"added": own[:MOST_NAMED]}
    if links:
        note(session, record, "attach", links=links)


def _is_of(relation: Any, record: Any, row: Row) -> bool:
    """Whether a row of the link table is this record's own, and not of one that went with it."""
    return all(
        value(remote.table, remote.name, row[remote.name])
        == getattr(record, relation.parent.get_property_by_column(local).key)
        for local, remote in relation.synchronize_pairs
    )


def _far(relation: Any, row: Row) -> str:
    far = [remote for _local, remote in relation.secondary_synchronize_pairs]
    return print_key(relation.mapper.class_, [value(remote.table, remote.name, row[remote.name]) for remote in far])


def _link_again(session: Session, made: Plan) -> None:
    """Records that had lost their link get it back, as far as nobody has given them another."""
    by_table: dict[str, list[Row]] = defaultdict(list)
    for name, row in made.unlinked:
        by_table[name].append(row)
    for name, rows in by_table.items():
        table = Model.metadata.tables[name]
        model, key = model_of(table), [c.name for c in table.primary_key]
        for portion in batches(rows):
            wanted = {key_of(table, row): row for row in portion}
            for record in session.scalars(sa.select(model).where(has_key(model, list(wanted)))).unique():
                row = wanted[tuple(sa.inspect(record).identity)]
                columns = {n: sa.inspect(model).get_property_by_column(table.c[n]).key for n in row if n not in key}
                if all(getattr(record, attribute) is None for attribute in columns.values()):
                    for column, attribute in columns.items():
                        setattr(record, attribute, value(table, column, row[column]))
            session.flush()
