"""Attaching and detaching related records: only the links named are written, never the whole relation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.errors import Conflict
from backoffice.records.transactions import committing


def linked(
    record: Any, relation: RelationshipProperty[Any], links: sa.Select[Any] | None = None
) -> sa.ColumnElement[bool]:
    """The related records of `record`, as a condition on the related model; `links` narrows the link table's rows."""
    if relation.secondary is None:
        return sa.and_(
            *(remote == _value(relation, record, local) for local, remote in relation.local_remote_pairs or [])
        )
    own = [remote == _value(relation, record, local) for local, remote in relation.synchronize_pairs]
    far = [remote == local for local, remote in relation.secondary_synchronize_pairs or []]
    links = sa.select(sa.literal(1)).select_from(relation.secondary) if links is None else links
    return links.where(*own, *far).correlate(relation.mapper.local_table).exists()


def attach(session: Session, record: Any, relation: RelationshipProperty[Any], others: Sequence[Any]) -> int:
    """Link `others` to the record; those already linked stay as they are. Returns how many links are new."""
    try:
        return _attach(session, record, relation, others)
    except sa.exc.IntegrityError:
        pass  # a colleague was attaching the same: look again, once
    try:
        return _attach(session, record, relation, others)
    except sa.exc.IntegrityError:
        raise Conflict(
            _("Somebody else changed these links in the meantime. Look again and repeat what is missing.")
        ) from None


def _attach(session: Session, record: Any, relation: RelationshipProperty[Any], others: Sequence[Any]) -> int:
    with committing(session):
        new = [other for other in others if not _is_linked(session, record, relation, other)]
        if relation.secondary is None:
            for other in new:
                _set_foreign_key(relation, record, other)
        elif new:
            session.execute(sa.insert(_link_table(relation)), [_link(relation, record, other) for other in new])
    return len(new)


def detach(session: Session, record: Any, relation: RelationshipProperty[Any], others: Sequence[Any]) -> int:
    """Unlink `others` from the record; those not linked are left alone. Returns how many links went."""
    if relation.secondary is None:
        return _release(session, record, relation, others)
    gone = 0
    table = _link_table(relation)
    with committing(session):
        for other in others:
            link = _link(relation, record, other)
            statement = sa.delete(table).where(*(table.c[n] == v for n, v in link.items()))
            gone += session.execute(statement).rowcount  # type: ignore[attr-defined]  # a cursor result has it
    return gone


def can_detach(relation: RelationshipProperty[Any]) -> bool:
    """Whether a related record may exist without this one."""
    if relation.secondary is not None:
        return True
    return all(remote.nullable for _, remote in relation.local_remote_pairs or [])


def _release(session: Session, record: Any, relation: RelationshipProperty[Any], others: Sequence[Any]) -> int:
    if not can_detach(relation):
        raise Conflict(_("These records cannot be without one: attach them to another instead."))
    mine = [other for other in others if _is_linked(session, record, relation, other)]
    with committing(session):
        for other in mine:
            _set_foreign_key(relation, None, other)
    return len(mine)


def _is_linked(session: Session, record: Any, relation: RelationshipProperty[Any], other: Any) -> bool:
    if relation.secondary is None:
        pairs = relation.local_remote_pairs or []
        return all(_remote_value(relation, other, remote) == _value(relation, record, local) for local, remote in pairs)
    link = _link(relation, record, other)
    found = sa.select(sa.literal(1)).where(*(relation.secondary.c[n] == v for n, v in link.items()))
    return session.execute(found).first() is not None


def _link(relation: RelationshipProperty[Any], record: Any, other: Any) -> dict[str, Any]:
    """The link table's key columns for one pair."""
    own = {remote.name: _value(relation, record, local) for local, remote in relation.synchronize_pairs}
    far = {
        remote.name: _remote_value(relation, other, local)
        for local, remote in relation.secondary_synchronize_pairs or []
    }
    return own | far


def _link_table(relation: RelationshipProperty[Any]) -> sa.Table:
    table = relation.secondary
    if not isinstance(table, sa.Table):
        raise TypeError(f"{relation} has no link table")
    return table


def _set_foreign_key(relation: RelationshipProperty[Any], record: Any | None, other: Any) -> None:
    for local, remote in relation.local_remote_pairs or []:
        value = None if record is None else _value(relation, record, local)
        setattr(other, relation.mapper.get_property_by_column(remote).key, value)


def _value(relation: RelationshipProperty[Any], record: Any, column: Any) -> Any:
    return getattr(record, relation.parent.get_property_by_column(column).key)


def _remote_value(relation: RelationshipProperty[Any], other: Any, column: Any) -> Any:
    return getattr(other, relation.mapper.get_property_by_column(column).key)
