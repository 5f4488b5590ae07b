"""Deleting records: with them goes what records.consequences says, and all of it is kept to come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.keys import hold_one_of, key_text, print_key
from backoffice.errors import Conflict
from backoffice.models import DeletedRecord
from backoffice.records import actors
from backoffice.records.auditing import LABEL_LENGTH, MOST_NAMED, NOTED, change_of, note, short_key
from backoffice.records.consequences import Choice, chosen_ways, points_at, refuse_unseen, rule_of
from backoffice.records.keeping import columns_of, keep_rows
from backoffice.records.transactions import StaleRecord, version_of
from backoffice.records.units import once

CHUNK = 500


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
    refuse_unseen(session, records)
    choices = chosen_ways(session, records, choices or {})
    try:
        for record in records:
            _remove(session, record, choices)
        session.flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("The database refused to delete: other records still refer to this one.")) from None
    return len(records)


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
    here = points_at(relation, [record])
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
        rule = rule_of(relation) if relation.direction.name != "MANYTOONE" else None
        if rule == "links":
            number, _keys = _keep_links(session, kept, number, relation, record)
        elif rule == "unlink":
            number = _move(session, kept, number, relation, record, Choice("unlink"))
        elif rule == "delete":
            number = _remove_all(session, kept, number, relation, record)
        elif rule == "refuse" and session.execute(sa.select(1).where(points_at(relation, [record]))).first():
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
        found = session.scalars(sa.select(related).where(points_at(relation, [record])).limit(CHUNK)).unique().all()
        if not found:
            return
        yield list(found)
