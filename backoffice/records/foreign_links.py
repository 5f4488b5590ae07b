"""Links that are a foreign key of the related record: taken and released by statements that name hundreds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.attributes import attributes, label_of, primary_key, version_attribute
from backoffice.database.keys import has_key, print_key
from backoffice.records.auditing import NOTED, note_rows
from backoffice.records.snapshots import encode

Key = tuple[Any, ...]
Link = dict[str, Any]
# Rows that one statement names.
BATCH = 500


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The items in parts that one statement can name."""
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def take(session: Session, relation: RelationshipProperty[Any], own: Link, keys: Sequence[Key]) -> int:
    """Lead the foreign keys of the records with these keys to `own`; those that did already stay as they are."""
    elsewhere = sa.or_(*(remote.is_distinct_from(own[remote.name]) for remote in remote_columns(relation)))
    return _point(session, relation, own, keys, elsewhere)


def release(session: Session, relation: RelationshipProperty[Any], own: Link, keys: Sequence[Key]) -> int:
    """Empty the foreign keys that lead to `own`."""
    here = sa.and_(*(remote == own[remote.name] for remote in remote_columns(relation)))
    return _point(session, relation, dict.fromkeys(own), keys, here)


def _point(
    session: Session,
    relation: RelationshipProperty[Any],
    values: Link,
    keys: Sequence[Key],
    condition: sa.ColumnElement[bool],
) -> int:
    """Set the foreign key of the records that meet the condition; a form that shows them is stale from now on."""
    model = relation.mapper.class_
    version = version_attribute(model)
    change: dict[Any, Any] = {remote: values[remote.name] for remote in remote_columns(relation)}
    if version:
        change[getattr(model, version)] = getattr(model, version) + 1
    changed = 0
    for some in batches(keys):
        rows = _before(session, model, values, some, condition)
        if rows:
            here = has_key(model, [row["identity"] for row in rows])
            statement = sa.update(model).where(here).values(change).execution_options(synchronize_session=False)
            session.execute(statement, execution_options=NOTED)
            note_rows(session, "update", model.__table__.name, rows)
        changed += len(rows)
    for other in session.identity_map.values():
        if isinstance(other, model):
            session.expire(other)
    return changed


def _before(
    session: Session, model: Any, values: Link, keys: Sequence[Key], condition: sa.ColumnElement[bool]
) -> list[dict[str, Any]]:
    """The records that are about to change, locked, as their histories tell of it."""
    mapper, version, label = sa.inspect(model), version_attribute(model), label_of(model)
    columns = {name: attributes(model)[mapper.get_property_by_column(model.__table__.c[name]).key] for name in values}
    wanted = [part.expression for part in primary_key(model)]
    counted, named = (getattr(model, name) if name else sa.null() for name in (version, label))
    found = sa.select(
        *wanted, *(c.expression.label(f"old_{name}") for name, c in columns.items()),
        counted.label("version"), named.label("label"),
    )  # fmt: skip
    rows = session.execute(found.where(has_key(model, keys), condition).with_for_update()).all()
    return [
        {
            "identity": tuple(row[: len(wanted)]),
            "key": print_key(model, row[: len(wanted)]),
            "label": row.label or "",
            "version": None if row.version is None else row.version + 1,
            "changes": {
                c.name: [encode(c, getattr(row, f"old_{name}")), encode(c, values[name])] for name, c in columns.items()
            },
        }
        for row in rows
    ]


def own_values(relation: RelationshipProperty[Any], record: Any) -> Link:
    """The record's values that a related record's foreign key repeats, by the names of its columns."""
    pairs = [] if relation.secondary is not None else relation.local_remote_pairs or []
    return {remote.name: value_of(relation, record, local) for local, remote in pairs}


def remote_columns(relation: RelationshipProperty[Any]) -> list[sa.Column[Any]]:
    """The columns of the foreign key."""
    return [remote for _local, remote in relation.local_remote_pairs or []]  # type: ignore[misc]  # columns of a table


def value_of(relation: RelationshipProperty[Any], record: Any, column: Any) -> Any:
    """The record's value of a column that the relation is made of."""
    return getattr(record, relation.parent.get_property_by_column(column).key)
