"""Attaching and detaching related records: only the links named are written, hundreds with each statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.attributes import Kind, is_secret, primary_key, version_attribute
from backoffice.database.keys import has_key, print_key
from backoffice.errors import Conflict
from backoffice.records.auditing import NOTED, is_audited, note
from backoffice.records.foreign_links import Key, Link, batches, own_values, release, remote_columns, take, value_of
from backoffice.records.keeping import PORTION_CHARACTERS, columns_of, decoded, encoded, model_of
from backoffice.records.snapshots import audited_columns
from backoffice.records.units import Again, once

# Kinds of which a history keeps no more than that there is something, or too much.
UNREAD = (Kind.OPAQUE, Kind.BINARY)


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


def attach(
    session: Session,
    record: Any,
    relation: RelationshipProperty[Any],
    others: Sequence[Any],
    values: Mapping[str, Mapping[str, Any]] | None = None,
) -> int:
    """Link `others` to the record; those already linked stay as they are. Returns how many links are new.

    `values` are what rows of a link table held, by the others' keys, as `detach` has written it into the history.
    """
    # Read before anything can fail: a rollback forgets what was loaded, and asks for each record anew.
    keys, links, own = _pairs(relation, record, others)
    if relation.secondary is None:
        return _meeting_others(session, lambda: take(session, relation, own, keys))
    return _meeting_others(session, lambda: _insert(session, record, relation, links, values or {}))


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


def _note(session: Session, record: Any, relation: RelationshipProperty[Any], told: Mapping[str, Any]) -> None:
    """Count up the record's version, and write the links down in its history by the keys of the others."""
    touch(session, record)
    note(session, record, "attach" if "added" in told else "detach", links={relation.key: told})


def _far_key(relation: RelationshipProperty[Any], link: Link) -> str:
    far = [remote.name for _local, remote in relation.secondary_synchronize_pairs or []]
    return print_key(relation.mapper.class_, [link[name] for name in far])


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


def _insert(
    session: Session, record: Any, relation: RelationshipProperty[Any], links: Sequence[Link],
    values: Mapping[str, Mapping[str, Any]],
) -> int:  # fmt: skip
    table, new = _link_table(relation), []
    # Held from the start: a link locks it too, but for reading, and two who then wanted to write would deadlock.
    session.execute(sa.select(sa.literal(1)).where(has_key(type(record), [_key(record)])).with_for_update())
    for some in batches(links):
        there = _there(session, table, some)
        missing = [link for link in some if tuple(link.values()) not in there]
        rows = [link | decoded(table, values.get(_far_key(relation, link), {})) for link in missing]
        # One statement makes rows of the same columns.
        for alike in ([row for row in rows if len(row) == length] for length in {len(row) for row in rows}):
            session.execute(sa.insert(table), alike, execution_options=NOTED)
        new += missing
    if new:
        _note(session, record, relation, {"added": [_far_key(relation, link) for link in new]})
    return len(new)


def _delete(session: Session, record: Any, relation: RelationshipProperty[Any], links: Sequence[Link]) -> int:
    table = _link_table(relation)
    own, gone, values, size = own_columns(model_of(table)), list[str](), dict[str, Any](), 0
    for some in batches(links):
        there = _there(session, table, some, own, locked=True)
        if there:
            session.execute(sa.delete(table).where(_is_one_of(table, some)), execution_options=NOTED)
        for link in some:
            if (row := there.get(tuple(link.values()))) is not None:
                gone.append(_far_key(relation, link))
                kept = encoded(table, row)
                size += len(str(kept))
                # What stands in one entry has to pass the server in one piece; the links beyond come back new.
                if own and size <= PORTION_CHARACTERS:
                    values[gone[-1]] = kept
    if gone:
        _note(session, record, relation, {"removed": gone, **({"values": values} if values else {})})
    return len(gone)


def own_columns(model: Any) -> list[sa.Column[Any]]:
    """What the links that are this model's records say beside whom they link, as far as a history may tell it and
    anybody could say it again.

    No keys, secrets or what is another with each row that is made; nothing that other rows may stand against by now.
    Links that are no model, or whose model keeps no history, say nothing.
    """
    if model is None or not is_audited(model):
        return []
    table: sa.Table = model.__table__
    barred = {column for index in table.indexes if index.unique for column in index.columns}
    for constraint in table.constraints:
        if isinstance(constraint, (sa.PrimaryKeyConstraint, sa.UniqueConstraint, sa.ForeignKeyConstraint)):
            barred |= set(constraint.columns)
    told = audited_columns(model, changed=True).values()
    plain = {found.column for found in told if found.kind not in UNREAD and not is_secret(found)}
    return [column for column in columns_of(table) if column in plain - barred]


def _there(
    session: Session,
    table: sa.Table,
    links: Sequence[Link],
    own: Sequence[sa.Column[Any]] = (),
    *,
    locked: bool = False,
) -> dict[Key, dict[str, Any]]:
    """Those of the links that exist, by the values of their columns, with what they hold in their `own`; `locked`
    until the end of the transaction."""
    columns = [table.c[name] for name in links[0]]
    found = sa.select(*columns, *own).where(_is_one_of(table, links))
    rows = session.execute(found.with_for_update() if locked else found)
    names = [column.name for column in own]
    return {tuple(row[: len(columns)]): dict(zip(names, row[len(columns) :], strict=True)) for row in rows}


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
