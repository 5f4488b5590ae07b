"""Deleting records: what goes with them, what only lets go of them, and what forbids it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.attributes import version_attribute
from backoffice.errors import Conflict
from backoffice.records.transactions import committing

COUNT_CAP = 10_000


# The other records go too; only the links to them go; they stay with an empty foreign key; they forbid it.
Rule = Literal["delete", "links", "unlink", "refuse"]


@dataclass(frozen=True)
class Consequence:
    """What a deletion does to the records at the other end of a relation; `count` stops above COUNT_CAP."""

    relation: str
    rule: Rule
    count: int

    @property
    def capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > COUNT_CAP


def consequences(session: Session, records: Sequence[Any]) -> list[Consequence]:
    """What else a deletion of these records of one model would touch, read from the foreign keys' own rules."""
    if not records:
        return []
    found: list[Consequence] = []
    for relation in sa.inspect(type(records[0])).relationships:
        rule = _rule(relation)
        if rule is None:
            continue
        rows = sa.select(sa.literal(1)).where(_points_at(relation, records)).limit(COUNT_CAP + 1).subquery()
        count = session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0
        if count:
            found.append(Consequence(relation.key, rule, count))
    return found


def delete(session: Session, records: Sequence[Any]) -> int:
    """Delete the records with all that goes with them, in one transaction; the caller's session is committed."""
    if any(found.rule == "refuse" for found in consequences(session, records)):
        raise Conflict(_("It cannot be deleted while other records refer to it. Remove or move those first."))
    try:
        with committing(session):
            for relation in sa.inspect(type(records[0])).relationships if records else ():
                if _rule(relation) == "unlink":
                    _unlink(session, relation, records)
            for record in records:
                session.delete(record)
    except sa.exc.IntegrityError:
        raise Conflict(_("The database refused to delete: other records still refer to this one.")) from None
    return len(records)


def _rule(relation: RelationshipProperty[Any]) -> Rule | None:
    """What the database does to the rows that point here when this record goes."""
    if relation.direction.name == "MANYTOONE":
        return None
    if relation.secondary is not None:
        return "links"
    rules = {
        (fk.ondelete or "").upper() for _, remote in relation.local_remote_pairs or [] for fk in remote.foreign_keys
    }
    return "delete" if rules == {"CASCADE"} else "unlink" if rules == {"SET NULL"} else "refuse"


def _points_at(relation: RelationshipProperty[Any], records: Sequence[Any]) -> sa.ColumnElement[bool]:
    """The rows (of the link table, or of the related one) whose foreign key names one of the records."""
    pairs = relation.synchronize_pairs
    if len(pairs) == 1:
        local, remote = pairs[0]
        key = relation.parent.get_property_by_column(local).key
        return remote.in_([getattr(record, key) for record in records])
    return sa.or_(
        *(
            sa.and_(
                *(
                    remote == getattr(record, relation.parent.get_property_by_column(local).key)
                    for local, remote in pairs
                )
            )
            for record in records
        )
    )


def _unlink(session: Session, relation: RelationshipProperty[Any], records: Sequence[Any]) -> None:
    """Empty the foreign keys ourselves, so that the unlinked records' version shows that they changed."""
    related = relation.mapper.class_
    values: dict[Any, Any] = {
        relation.mapper.get_property_by_column(remote).key: None for _, remote in relation.local_remote_pairs or []
    }
    version = version_attribute(related)
    if version:
        values[version] = getattr(related, version) + 1
    session.execute(
        sa.update(related).where(_points_at(relation, records)).values(values),
        execution_options={"synchronize_session": False},
    )
