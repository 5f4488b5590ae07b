"""The history: every change of a record that a session makes is written down in the same transaction.

A flush is looked at as it goes to the database, so forms, cells, actions, commands and jobs are all covered, whether
they know of it or not. What changes many rows by one statement says so itself, by `note`; a statement on an audited
table that was not thought of is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction
from sqlalchemy.orm.attributes import History

from backoffice.database.attributes import label_of, version_attribute
from backoffice.database.keys import key_text
from backoffice.models import Model
from backoffice.models.audit_entry import KEY_LENGTH
from backoffice.records import actors, batches, chain
from backoffice.records.snapshots import audited_columns, encode, values_of

LABEL_LENGTH = 200
# Keys of links that an entry names, where there may be very many.
MOST_NAMED = 5_000
# The option of a statement whose change `note` has written down; as a session's `info`, for all that it executes.
NOTED = {"noted": True}
_PENDING = "backoffice.audit"
# Where an entry carries the rows of its batch until it is written.
_BATCH = "batch"


@dataclass
class Change:
    """What one transaction has done so far; `as_action` is what it is called where a plain word would say less."""

    id: str = field(default_factory=lambda: uuid4().hex)
    entries: list[dict[str, Any]] = field(default_factory=list)
    deleted: dict[Any, dict[str, Any]] = field(default_factory=dict)
    as_action: str = ""


def change_of(session: Session) -> Change:
    """The change that the session's transaction is about to make."""
    change: Change = session.info.setdefault(_PENDING, Change())
    return change


def note(
    session: Session,
    record: Any,
    action: str,
    *,
    changes: Mapping[str, Any] | None = None,
    links: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write down what a statement of its own did to a record: columns as [before, after], links by their keys.

    Of a relation the keys are `added` or `removed`; `values` are what the rows of removed links held, by the same keys.
    """
    version = version_attribute(type(record))
    _add(
        session, action, type(record).__table__.name, key_text(record), _label(record),
        version=getattr(record, version) if version else None, changes=dict(changes or {}),
        links={name: dict(part) for name, part in (links or {}).items()},
    )  # fmt: skip


def note_rows(session: Session, action: str, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """The same for many rows at once: each with its `key`, `label`, `version` and `changes`."""
    for row in rows:
        _add(session, action, table, row["key"], row.get("label", ""), version=row.get("version"),
             changes=row.get("changes") or {}, links={})  # fmt: skip


def note_batch(session: Session, action: str, model: type[Any], rows: batches.Rows) -> None:
    """The same for records of a model that changed alike, as one entry where their keys allow it."""
    if not rows.keys:
        return
    table = model.__table__.name
    if not batches.can_be_packed(model):
        note_rows(session, action, table, (
            {"key": key, "version": rows.versions[place], "changes": rows.changes_at(place)}
            for place, key in enumerate(rows.keys)
        ))  # fmt: skip
        return
    packed = batches.pack(rows)
    _add(session, action, table, batches.digest(packed), f"×{len(rows.keys)}", version=None, changes=rows.summary(),
         links={})  # fmt: skip
    change_of(session).entries[-1][_BATCH] = {
        "table_name": table, "first_key": min(rows.keys), "last_key": max(rows.keys), "count": len(rows.keys),
        "rows": packed,
    }  # fmt: skip


def _label(record: Any) -> str:
    """What the record is called, where that can be told without asking the database."""
    state, name = sa.inspect(record), label_of(type(record))
    if name is not None:
        return str(state.dict.get(name) or "")
    others = [r.key for r in state.mapper.relationships if not r.uselist]
    return str(record) if all(key in state.dict for key in others) else ""


def short_key(text: str) -> str:
    """A key as the history keeps it: a very long one as its hash."""
    return text if len(text) <= KEY_LENGTH else sha256(text.encode()).hexdigest()


def is_audited(model: type[Any]) -> bool:
    """Whether a model's changes are written down; those of our own base are, unless they say otherwise."""
    return bool(getattr(model, "__audited__", False))


def _add(
    session: Session, action: str, table: str, key: str, label: str, *, version: Any, changes: Any, links: Any
) -> None:
    change = change_of(session)
    change.entries.append({
        "action": change.as_action or action, "table_name": table, "record_key": short_key(key),
        "record_label": label[:LABEL_LENGTH], "version": version, "changes": changes, "links": links,
    })  # fmt: skip


# -- what a flush does -----------------------------------------------------------------------------------------------


@event.listens_for(Session, "before_flush")
def _keep_what_goes(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    for record in session.deleted:
        if is_audited(type(record)):
            change_of(session).deleted[sa.inspect(record)] = values_of(record)


@event.listens_for(Session, "after_flush")
def _write_down(session: Session, _context: UOWTransaction) -> None:
    for record in session.new:
        if is_audited(type(record)):
            values = {n: [None, v] for n, v in _inserted(record).items()}
            note(session, record, "create", changes=values, links=_links(record))
    for record in session.dirty:
        if is_audited(type(record)):
            changes, links = _changes(record), _links(record)
            if changes or links:
                note(session, record, "update", changes=changes, links=links)
    for record in session.deleted:
        if is_audited(type(record)):
            kept = change_of(session).deleted.pop(sa.inspect(record), {})
            note(session, record, "delete", changes={n: [v, None] for n, v in kept.items()})


def _inserted(record: Any) -> dict[str, Any]:
    loaded = sa.inspect(record).dict
    columns = audited_columns(type(record), changed=False)
    found = {name: encode(column, _plain(loaded.get(name))) for name, column in columns.items()}
    return {name: value for name, value in found.items() if value is not None}


def _changes(record: Any) -> dict[str, Any]:
    state = sa.inspect(record)
    changes = {}
    for name, column in audited_columns(type(record), changed=True).items():
        history: History = state.attrs[name].history
        if history.has_changes():
            before = encode(column, _plain(next(iter(history.deleted or ()), None)))
            after = encode(column, _plain(next(iter(history.added or ()), None)))
            if before != after or isinstance(after, dict):
                changes[name] = [before, after]
    return changes


def _plain(value: Any) -> Any:
    """SQL NULL said in so many words, and what the database computes, which is not known here."""
    return None if isinstance(value, (sa.ClauseElement, type(sa.JSON.NULL))) else value


def _links(record: Any) -> dict[str, Any]:
    """The links of relations over a table of their own that the record's lists have gained and lost."""
    state = sa.inspect(record)
    found = {}
    for relation in state.mapper.relationships:
        if relation.secondary is None or relation.viewonly or relation.key not in state.dict:
            continue
        history: History = state.attrs[relation.key].history
        added, removed = ([key_text(other) for other in part or ()] for part in (history.added, history.deleted))
        if added or removed:
            found[relation.key] = {"added": added, "removed": removed}
    return found


@event.listens_for(Session, "do_orm_execute")
def _refuse_unnoted(state: ORMExecuteState) -> None:
    """Stop a statement that would change audited rows with nobody writing it down."""
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    if state.execution_options.get("noted") or state.session.info.get("noted"):
        return
    table = getattr(state.statement, "table", None)
    if table is not None and table in _audited_tables():
        raise TypeError(
            f"This statement changes {table.name} past its history. Save record by record, or write down what it does "
            "by records.auditing.note and give it the execution options records.auditing.NOTED."
        )


@cache
def _audited_tables() -> frozenset[Any]:
    return frozenset(mapper.local_table for mapper in Model.registry.mappers if is_audited(mapper.class_))


# -- the end of the transaction --------------------------------------------------------------------------------------


@event.listens_for(Session, "before_commit")
def _seal(session: Session) -> None:
    """Add the transaction's entries to the chain, as the last thing before the commit: others wait for its end."""
    if session.in_nested_transaction():
        return
    session.flush()
    change: Change | None = session.info.pop(_PENDING, None)
    if change is None or not change.entries:
        return
    actor = actors.present()
    told = {
        "staff_id": actor.id, "person": actor.name[:255], "address": actor.address[:45], "source": actor.source[:80],
        "change_id": change.id,
    }  # fmt: skip
    packed = [entry.pop(_BATCH, None) for entry in change.entries]
    first = chain.add(session, [told | entry for entry in change.entries])
    if found := [{"id": first + place, **batch} for place, batch in enumerate(packed) if batch]:
        session.execute(sa.insert(batches.BATCH), found)


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_PENDING, None)
