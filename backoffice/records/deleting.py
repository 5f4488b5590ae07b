"""Deleting records: what goes with them, what lets go of them, what forbids it; all of it is kept to come back.

The foreign keys' own rules say what becomes of the records that point at one. A model may offer other ways, by
`info={"when_deleted": (…)}` on the relation: people then choose, and the first is proposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.attributes import once as once_found
from backoffice.database.keys import hold_one_of, key_text, print_key
from backoffice.errors import BadInput, Conflict
from backoffice.models import DeletedRecord
from backoffice.records import actors
from backoffice.records.auditing import LABEL_LENGTH, MOST_NAMED, NOTED, change_of, note, short_key
from backoffice.records.keeping import columns_of, keep_rows
from backoffice.records.transactions import StaleRecord, version_of
from backoffice.records.units import once

COUNT_CAP = 10_000
# Records that one deletion may change beside those it deletes: each is locked and written down.
MOST_TOUCHED = 20_000
CHUNK = 500

# The other records go too; only the links to them go; they stay with an empty foreign key; they get another owner;
# they forbid it.
Rule = Literal["delete", "links", "unlink", "hand over", "refuse"]


@dataclass(frozen=True)
class Consequence:
    """What a deletion does to the records at the other end of a relation; `count` stops above COUNT_CAP.

    `choices` are the ways one may choose from, where there is more than one.
    """

    relation: str
    rule: Rule
    count: int
    choices: tuple[Rule, ...] = ()

    @property
    def capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > COUNT_CAP


@dataclass(frozen=True)
class Choice:
    """What is to become of the records of one relation; `to` is who they are handed over to."""

    rule: Rule
    to: Any = None


def consequences(session: Session, records: Sequence[Any]) -> list[Consequence]:
    """What else a deletion of these records of one model would touch, and what may be chosen."""
    if not records:
        return []
    found: list[Consequence] = []
    for relation in sa.inspect(type(records[0])).relationships:
        choices = ways(relation)
        if not choices:
            continue
        rows = sa.select(sa.literal(1)).where(_points_at(relation, records)).limit(COUNT_CAP + 1).subquery()
        count = session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0
        if count:
            found.append(Consequence(relation.key, choices[0], count, choices if len(choices) > 1 else ()))
    return found


def ways(relation: RelationshipProperty[Any]) -> tuple[Rule, ...]:
    """What may become of the records that point here when this one goes: the first is proposed, none for none."""
    if relation.direction.name == "MANYTOONE":
        return ()
    declared: tuple[Rule, ...] = relation.info.get("when_deleted", ())
    return declared or (_rule(relation),)


def delete(session: Session, records: Sequence[Any], choices: Mapping[str, Choice] | None = None) -> int:
    """Delete the records with all that goes with them, in one transaction; the caller's session is committed."""
    expected = [version_of(record) for record in records]

    def work() -> int:
        if [version_of(record) for record in records] != expected:
            raise StaleRecord
        return remove(session, records, choices)

    return once(session, work)


def remove(session: Session, records: Sequence[Any], choices: Mapping[str, Choice] | None = None) -> int:
    """The same inside a unit of work. Everything that goes is kept: records.restoring brings it back."""
    _refuse_unseen(session, records)
    choices = _chosen(session, records, choices or {})
    try:
        for record in records:
            _remove(session, record, choices)
        session.flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("The database refused to delete: other records still refer to this one.")) from None
    return len(records)


def _chosen(session: Session, records: Sequence[Any], choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """What is to become of each relation that has records; a BadInput or Conflict where that cannot be."""
    chosen: dict[str, Choice] = {}
    touched = 0
    for found in consequences(session, records):
        relation = sa.inspect(type(records[0])).relationships[found.relation]
        # Where nobody was asked: what the foreign key says.
        choice = choices.get(found.relation, Choice(_rule(relation)))
        if choice.rule not in (*ways(relation), _rule(relation)) or choice.rule == "refuse":
            raise Conflict(_("It cannot be deleted while other records refer to it. Remove or move those first."))
        if choice.rule == "hand over" and (choice.to is None or choice.to in records):
            raise BadInput(_("Choose to whom they are handed over: a record that is not deleted itself."))
        if choice.rule != "links":
            touched += session.scalar(
                sa.select(sa.func.count()).select_from(
                    sa.select(sa.literal(1)).where(_points_at(relation, records)).limit(MOST_TOUCHED + 1).subquery()
                )
            ) or 0  # fmt: skip
        chosen[found.relation] = choice
    if touched > MOST_TOUCHED:
        raise Conflict(
            _("More than %(most)s records depend on it, too many to change at once. Move some of them first.",
              most=MOST_TOUCHED)
        )  # fmt: skip
    return chosen


def _refuse_unseen(session: Session, records: Sequence[Any]) -> None:
    """Rows that the database would delete or unlink by itself, by a foreign key that no relation follows, forbid it."""
    for columns in _unfollowed(type(records[0])) if records else ():
        keys = [tuple(sa.inspect(record).identity) for record in records]
        if session.execute(sa.select(1).where(hold_one_of(columns, keys)).limit(1)).first():
            raise Conflict(
                _("“%(table)s” has rows that would go with it unseen. A developer has to give them a relation first.",
                  table=columns[0].table.name)
            )  # fmt: skip


@once_found
def _unfollowed(model: type[Any]) -> list[list[Any]]:
    """The columns of each foreign key with a rule that leads to a model's key and is no part of its relations."""
    followed = {
        frozenset(remote for _local, remote in relation.synchronize_pairs)
        for relation in sa.inspect(model).relationships
        if relation.direction.name != "MANYTOONE"
    }
    return [
        list(key.columns)
        for table in model.metadata.tables.values()
        for key in table.foreign_key_constraints
        if key.referred_table is model.__table__ and key.ondelete and frozenset(key.columns) not in followed
    ]


def _remove(session: Session, record: Any, choices: Mapping[str, Choice]) -> None:
    kept = _keep(session, record)
    number = keep_rows(session, kept, 0, "row", _own_row(record), type(record).__table__)
    links: dict[str, dict[str, list[str]]] = {}
    for relation in sa.inspect(type(record)).relationships:
        choice = choices.get(relation.key)
        if choice is None:
            continue
        if choice.rule == "links":
            number, keys = _keep_links(session, kept, number, relation, record)
            links[relation.key] = {"removed": keys}
        elif choice.rule == "delete":
            number = _remove_all(session, kept, number, relation, record)
        else:
            number = _move(session, kept, number, relation, record, choice)
    if links:
        note(session, record, "detach", links=links)
    session.delete(record)
    session.flush()


def _keep(session: Session, record: Any) -> int:
    actor = actors.present()
    kept = DeletedRecord(
        staff_id=actor.id, person=actor.name[:255], change_id=change_of(session).id,
        table_name=type(record).__table__.name, record_key=short_key(key_text(record)),
        record_label=str(record)[:LABEL_LENGTH],
    )  # fmt: skip
    session.add(kept)
    session.flush()
    return kept.id


def _own_row(record: Any) -> sa.Select[Any]:
    table = type(record).__table__
    key = sa.inspect(record).identity
    return sa.select(*columns_of(table)).where(*(c == v for c, v in zip(table.primary_key, key, strict=True)))


def _keep_links(
    session: Session, kept: int, number: int, relation: RelationshipProperty[Any], record: Any
) -> tuple[int, list[str]]:
    """Keep the rows of the link table, take them away, and tell the keys at their other end."""
    table: Any = relation.secondary
    here = _points_at(relation, [record])
    number = keep_rows(session, kept, number, "row", sa.select(*columns_of(table)).where(here), table)
    far = [remote for _local, remote in relation.secondary_synchronize_pairs or []]
    named = session.execute(sa.select(*far).where(here).limit(MOST_NAMED)).all()
    session.execute(sa.delete(table).where(here), execution_options={"synchronize_session": False, **NOTED})
    return number, [print_key(relation.mapper.class_, row) for row in named]


def _remove_all(session: Session, kept: int, number: int, relation: RelationshipProperty[Any], record: Any) -> int:
    """Delete the related records too, each as if by itself but kept with this one, portion by portion."""
    for portion in _portions(session, relation, record):
        for other in portion:
            number = keep_rows(session, kept, number, "row", _own_row(other), type(other).__table__)
            number = _take_along(session, kept, number, other)
            session.delete(other)
        session.flush()
    return number


def _take_along(session: Session, kept: int, number: int, record: Any) -> int:
    """What goes with a record that goes with another one: as the foreign keys say."""
    for relation in sa.inspect(type(record)).relationships:
        rule = _rule(relation) if relation.direction.name != "MANYTOONE" else None
        if rule == "links":
            number, _keys = _keep_links(session, kept, number, relation, record)
        elif rule == "unlink":
            number = _move(session, kept, number, relation, record, Choice("unlink"))
        elif rule == "delete":
            number = _remove_all(session, kept, number, relation, record)
        elif rule == "refuse" and session.execute(sa.select(1).where(_points_at(relation, [record]))).first():
            raise Conflict(_("It cannot be deleted while other records refer to it. Remove or move those first."))
    return number


def _move(
    session: Session, kept: int, number: int, relation: RelationshipProperty[Any], record: Any, choice: Choice
) -> int:
    """Empty the related records' foreign keys, or lead them to somebody else, counting up their versions."""
    values: dict[str, Any] = {}
    for local, remote in relation.local_remote_pairs or []:
        owner = relation.parent.get_property_by_column(local).key
        to = None if choice.to is None else getattr(choice.to, owner)
        values[relation.mapper.get_property_by_column(remote).key] = to
    for portion in _portions(session, relation, record):
        if choice.rule == "unlink":
            number = _keep_unlinked(session, kept, number, relation, portion)
        for other in portion:
            for name, found in values.items():
                setattr(other, name, found)
        session.flush()
    return number


def _keep_unlinked(
    session: Session, kept: int, number: int, relation: RelationshipProperty[Any], portion: Sequence[Any]
) -> int:
    table: Any = relation.mapper.local_table
    remote = [r for _local, r in relation.local_remote_pairs or []]
    key = list(table.primary_key)
    keys = [tuple(sa.inspect(other).identity) for other in portion]
    chosen = sa.select(*key, *remote).where(hold_one_of(key, keys))
    return keep_rows(session, kept, number, "unlinked", chosen, table)


def _portions(session: Session, relation: RelationshipProperty[Any], record: Any) -> Iterator[list[Any]]:
    """The related records, some hundred at a time; each portion has left the relation when the next is asked for."""
    related = relation.mapper.class_
    while True:
        found = session.scalars(sa.select(related).where(_points_at(relation, [record])).limit(CHUNK)).unique().all()
        if not found:
            return
        yield list(found)


def _rule(relation: RelationshipProperty[Any]) -> Rule:
    """What the database does to the rows that point here when this record goes."""
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
