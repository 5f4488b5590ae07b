"""Attaching and detaching related records: only the links named are written, hundreds with each statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.attributes import primary_key, version_attribute
from backoffice.database.keys import has_key, print_key
from backoffice.errors import Conflict
from backoffice.records.auditing import NOTED, note
from backoffice.records.foreign_links import Key, Link, batches, own_values, release, remote_columns, take, value_of
from backoffice.records.units import Again, once


def linked(
    record: Any, relation: RelationshipProperty[Any], links: sa.Select[Any] | None = None
) -> sa.ColumnElement[bool]:
    """The related records of `record`, as a condition on the related model; `links` narrows the link table's rows."""
    if relation.secondary is None:
        return sa.and_(
            *(remote == value_of(relation, record, local) for local, remote in relation.local_remote_pairs or [])
        )
    own = [remote == value_of(relation, record, local) for local, remote in relation.synchronize_pairs]
    far = [remote == local for local, remote in relation.secondary_synchronize_pairs or []]
    links = sa.select(sa.literal(1)).select_from(relation.secondary) if links is None else links
    return links.where(*own, *far).correlate(relation.mapper.local_table).exists()


def attach(session: Session, record: Any, relation: RelationshipProperty[Any], others: Sequence[Any]) -> int:
    """Link `others` to the record; those already linked stay as they are. Returns how many links are new."""
    # Read before anything can fail: a rollback forgets what was loaded, and asks for each record anew.
    keys, links, own = _pairs(relation, record, others)
    if relation.secondary is None:
        return _meeting_others(session, lambda: take(session, relation, own, keys))
    return _meeting_others(session, lambda: _insert(session, record, relation, links))


def detach(session: Session, record: Any, relation: RelationshipProperty[Any], others: Sequence[Any]) -> int:
    """Unlink `others` from the record; those not linked are left alone. Returns how many links went."""
    if not can_detach(relation):
        raise Conflict(_("These records cannot be without one: attach them to another instead."))
    keys, links, own = _pairs(relation, record, others)
    if relation.secondary is None:
        return _meeting_others(session, lambda: release(session, relation, own, keys))
    return _meeting_others(session, lambda: _delete(session, record, relation, links))


def can_detach(relation: RelationshipProperty[Any]) -> bool:
    """Whether a related record may exist without this one."""
    if relation.secondary is not None:
        return True
    return all(remote.nullable for _, remote in relation.local_remote_pairs or [])


def linked_among(session: Session, record: Any, relation: RelationshipProperty[Any], keys: Sequence[Key]) -> set[Key]:
    """Those of the related records' keys that are linked to the record, whoever may see the links."""
    model = relation.mapper.class_
    columns = [part.expression for part in primary_key(model)]
    found: set[Key] = set()
    for some in batches(keys):
        statement = sa.select(*columns).where(has_key(model, some), linked(record, relation))
        found |= {tuple(row) for row in session.execute(statement)}
    return found


def belonging_elsewhere(session: Session, record: Any, relation: RelationshipProperty[Any], keys: Sequence[Key]) -> int:
    """How many of the related records belong to another record, and would be taken from it."""
    if relation.secondary is not None:
        return 0
    own = own_values(relation, record)
    others = [sa.and_(remote.is_not(None), remote != own[remote.name]) for remote in remote_columns(relation)]
    count = sa.select(sa.func.count()).select_from(relation.mapper.class_)
    model = relation.mapper.class_
    return sum(session.scalar(count.where(has_key(model, some), sa.or_(*others))) or 0 for some in batches(keys))


# -- one change, begun again where a colleague made the same at the same moment ------------------------------------


class LinksChanged(Conflict, Again):
    """A link that was not there when we looked is there now, or the other way round: looking again may help."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed these links in the meantime. Look again and repeat what is missing."))


def _meeting_others(session: Session, change: Callable[[], int]) -> int:
    def work() -> int:
        try:
            return change()
        except sa.exc.IntegrityError:
            raise LinksChanged from None

    return once(session, work)


def _note(session: Session, record: Any, relation: RelationshipProperty[Any], what: str, links: Sequence[Link]) -> None:
    """Count up the record's version, and write the links down in its history by the keys of the others."""
    touch(session, record)
    far = [remote.name for _local, remote in relation.secondary_synchronize_pairs or []]
    keys = [print_key(relation.mapper.class_, [link[name] for name in far]) for link in links]
    note(session, record, "attach" if what == "added" else "detach", links={relation.key: {what: keys}})


def touch(session: Session, record: Any) -> None:
    """Count up a record's version in the database, whichever it is: links of two people do not stand in their way."""
    model = type(record)
    version = version_attribute(model)
    if version is None:
        return
    session.execute(
        sa.update(model).where(has_key(model, [_key(record)])).values({version: getattr(model, version) + 1}),
        execution_options={"synchronize_session": False, **NOTED},
    )
    session.refresh(record, [version])


# -- links in a table of their own ----------------------------------------------------------------------------------


def _insert(session: Session, record: Any, relation: RelationshipProperty[Any], links: Sequence[Link]) -> int:
    table, new = _link_table(relation), []
    # Held from the start: a link locks it too, but for reading, and two who then wanted to write would deadlock.
    session.execute(sa.select(sa.literal(1)).where(has_key(type(record), [_key(record)])).with_for_update())
    for some in batches(links):
        there = _there(session, table, some)
        missing = [link for link in some if tuple(link.values()) not in there]
        if missing:
            session.execute(sa.insert(table), missing, execution_options=NOTED)
        new += missing
    if new:
        _note(session, record, relation, "added", new)
    return len(new)


def _delete(session: Session, record: Any, relation: RelationshipProperty[Any], links: Sequence[Link]) -> int:
    table, gone = _link_table(relation), []
    for some in batches(links):
        there = _there(session, table, some, locked=True)
        if there:
            session.execute(sa.delete(table).where(_is_one_of(table, some)), execution_options=NOTED)
        gone += [link for link in some if tuple(link.values()) in there]
    if gone:
        _note(session, record, relation, "removed", gone)
    return len(gone)


def _there(session: Session, table: sa.Table, links: Sequence[Link], *, locked: bool = False) -> set[Key]:
    """Those of the links that exist, as the values of their columns; `locked` until the end of the transaction."""
    columns = [table.c[name] for name in links[0]]
    found = sa.select(*columns).where(_is_one_of(table, links))
    return {tuple(row) for row in session.execute(found.with_for_update() if locked else found)}


def _is_one_of(table: sa.Table, links: Sequence[Link]) -> sa.ColumnElement[bool]:
    """What all links have in common is said once: an index then needs to be asked for the rest only."""
    first = links[0]
    fixed = [name for name in first if all(link[name] == first[name] for link in links)]
    varying = [name for name in first if name not in fixed]
    conditions: list[sa.ColumnElement[bool]] = [table.c[name] == first[name] for name in fixed]
    if len(varying) == 1:
        conditions.append(table.c[varying[0]].in_([link[varying[0]] for link in links]))
    elif varying:
        rows = [tuple(link[name] for name in varying) for link in links]
        conditions.append(sa.tuple_(*(table.c[name] for name in varying)).in_(rows))
    return sa.and_(*conditions)


def link_of(relation: RelationshipProperty[Any], record: Any, other: Any) -> Link:
    """The link table's key columns for one pair."""
    own = {remote.name: value_of(relation, record, local) for local, remote in relation.synchronize_pairs}
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


def _pairs(
    relation: RelationshipProperty[Any], record: Any, others: Sequence[Any]
) -> tuple[list[Key], list[Link], Link]:
    """The others' keys, their links where these are rows, and what a foreign key to the record holds.

    In one order for everybody: two who change the same rows then wait for each other in turn.
    """
    ordered = sorted({_key(other): other for other in others}.items(), key=lambda pair: str(pair[0]))
    many = relation.secondary is not None
    links = [link_of(relation, record, other) for _key, other in ordered] if many else []
    return [key for key, _other in ordered], links, own_values(relation, record)


def _key(other: Any) -> Key:
    return tuple(getattr(other, part.name) for part in primary_key(type(other)))


def _remote_value(relation: RelationshipProperty[Any], other: Any, column: Any) -> Any:
    return getattr(other, relation.mapper.get_property_by_column(column).key)
