"""Saving one record: only what changed is written, and a colleague's change is never overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.database.attributes import Attribute, Kind, attributes, primary_key
from backoffice.errors import BadInput, Conflict
from backoffice.records.transactions import StaleRecord, version_of
from backoffice.records.units import once


class ValueTaken(Conflict):
    """Another record already bears a value that has to be unique; `names` are the attributes."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(_("Another record already has this value."))
        self.names = names


def save(
    session: Session,
    record: Any,
    changes: Mapping[str, Any],
    before_commit: Callable[[], None] = lambda: None,
) -> None:
    """Set `changes` on the record and commit; on any refusal everything is rolled back and the error says why.

    StaleRecord where somebody else has changed the record since it was read. `before_commit` runs in the same
    transaction once the values are set.
    """
    expected = version_of(record)

    def work() -> None:
        if version_of(record) != expected:
            raise StaleRecord
        put(session, record, changes, before_commit)

    once(session, work)


def put(
    session: Session,
    record: Any,
    changes: Mapping[str, Any],
    before_commit: Callable[[], None] = lambda: None,
) -> None:
    """Set `changes` on the record inside a unit of work, and write them; a refusal says why and rolls back."""
    model = type(record)
    try:
        taken = taken_values(session, record, changes)
        if taken:
            raise ValueTaken(taken)
        for name, value in changes.items():
            setattr(record, name, value)
        session.add(record)
        before_commit()
        session.flush()
    except sa.exc.IntegrityError:
        session.rollback()
        raise _refusal(session, model, changes) from None
    except sa.exc.DataError:
        raise BadInput(_("The database does not take one of these values. Check their length and size.")) from None


def taken_values(session: Session, record: Any, changes: Mapping[str, Any]) -> tuple[str, ...]:
    """The changed attributes whose value has to be unique and already stands in another record."""
    model = type(record)
    state = sa.inspect(record)
    own = state.identity if state.persistent else None
    taken: list[str] = []
    for found in attributes(model).values():
        value = changes.get(found.name)
        if value is not None and found.unique and _stands(session, model, found, value, own):
            taken.append(found.name)
    taken += _taken_key(session, model, changes, own)
    return tuple(taken)


def _stands(session: Session, model: type[Any], unique: Attribute, value: Any, own: Any) -> bool:
    key = [part.expression for part in primary_key(model)]
    holder = session.execute(sa.select(*key).where(unique.expression == value).limit(1)).first()
    return holder is not None and (own is None or tuple(holder) != tuple(own))


def _taken_key(session: Session, model: type[Any], changes: Mapping[str, Any], own: Any) -> list[str]:
    """Where people give a new record's key, by its columns or by the relations they follow: whether it is taken."""
    if own is not None:
        return []
    values: dict[str, Any] = {}
    names: list[str] = []
    known = attributes(model)
    for name, value in changes.items():
        part = _key_part(known[name], value) if name in known and value is not None else {}
        values |= part
        names += [name] if part else []
    key = [part.column.name for part in primary_key(model) if part.column is not None]
    if set(key) != set(values):
        return []
    return names if session.get(model, tuple(values[column] for column in key)) is not None else []


def _key_part(found: Attribute, value: Any) -> dict[str, Any]:
    """The key columns that a value sets, by their names."""
    relation = found.relationship
    if relation is None:
        return {found.column.name: value} if found.primary_key and found.column is not None else {}
    return {
        local.name: getattr(value, relation.mapper.get_property_by_column(remote).key)
        for local, remote in relation.local_remote_pairs or []
        if local.primary_key and found.kind is Kind.ONE
    }


def _refusal(session: Session, model: type[Any], changes: Mapping[str, Any]) -> Conflict:
    """Which rule of the database refused: found by asking again, since every database words it differently."""
    taken = [
        found.name
        for found in attributes(model).values()
        if found.unique and changes.get(found.name) is not None
        and _stands(session, model, found, changes[found.name], None)
    ] + _taken_key(session, model, changes, None)  # fmt: skip
    if taken:
        return ValueTaken(tuple(taken))
    return Conflict(
        _("The database refused this: a value is missing, already taken, or belongs to a record that is gone.")
    )
