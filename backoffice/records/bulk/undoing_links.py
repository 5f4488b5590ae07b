"""Taking back the links that a job made, and making those again that it took away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.keys import key_text, print_key, records_of
from backoffice.errors import NotAllowed
from backoffice.models import AuditEntry, Model
from backoffice.records.auditing import short_key
from backoffice.records.bulk.change import Target
from backoffice.records.foreign_links import batches
from backoffice.records.jobs.tasks import SKIPPED, Tally
from backoffice.records.keeping import model_of
from backoffice.records.linking import attach, detach, link_of

MayLink = Callable[[type[Any], str, bool], bool]
TOLD: Any = AuditEntry.__table__


def require_links(may_link: MayLink, model: type[Any], name: str, *, add: bool) -> None:
    """Stop unless links of this relation may be made, or taken away."""
    if not may_link(model, name, add):
        raise NotAllowed(_("You may not change these links. Ask an administrator for a role that may."))


@dataclass
class Links:
    """Undoes what entries tell of links: made from the records of the job, or from others to these.

    `may_link` is asked of a model, its relation and whether links are to be made. Records that are `done`
    count already.
    """

    target: Target
    may_link: MayLink
    tally: Tally
    done: set[str]

    def take_back(self, entry: AuditEntry, keys: set[str]) -> None:
        """Undo one entry, as far as it is about records with these keys."""
        # Other rows of the chunk may be another chunk's of the undo.
        is_own = entry.table_name == self.target.model.__table__.name and entry.record_key in keys
        if is_own and entry.record_key in self.tally.left:
            return
        model = model_of(Model.metadata.tables[entry.table_name])
        holders = self.target.rows if is_own else sa.select(model)
        holder = next(iter(records_of(self.target.session, holders, model, [entry.record_key])), None)
        for name, linked in entry.links.items():
            for part in ("added", "removed"):
                theirs = [key for key in linked.get(part, ()) if is_own or key in keys]
                if not theirs:
                    continue
                require_links(self.may_link, model, name, add=part == "removed")
                if holder is None:
                    self._leave_without(entry, theirs, is_own=is_own)
                    continue
                relation = sa.inspect(model).relationships[name]
                work = self._of_own if is_own else self._of_others
                work(entry, holder, relation, theirs, add=part == "removed")

    def _of_own(
        self, entry: AuditEntry, holder: Any, relation: RelationshipProperty[Any], keys: Sequence[str], *, add: bool
    ) -> None:
        """Links that a record of the job holds: they count as one."""
        far = relation.mapper.class_
        others = records_of(self.target.session, sa.select(far), far, keys)
        changed = self._changed_since(entry, holder, relation, others)
        others = [other for other in others if key_text(other) not in changed]
        number = self._change(entry, holder, relation, others, add=add) if others else 0
        if entry.record_key in self.done:
            return
        if number:
            self.tally.changed += 1
            self.done.add(entry.record_key)
        elif changed:
            self._leave([entry.record_key], _("Somebody has changed it since."))

    def _of_others(
        self, entry: AuditEntry, holder: Any, relation: RelationshipProperty[Any], keys: Sequence[str], *, add: bool
    ) -> None:
        """Links from another record to those of the job: each counts."""
        others = records_of(self.target.session, self.target.rows, relation.mapper.class_, keys)
        there = {key_text(other) for other in others}
        self._leave([key for key in keys if key not in there], _("It is gone, or may no longer be seen."))
        changed = self._changed_since(entry, holder, relation, others)
        self._leave([key for key in keys if key in changed], _("Somebody has changed it since."))
        others = [other for other in others if key_text(other) not in changed]
        self.tally.changed += self._change(entry, holder, relation, others, add=add) if others else 0

    def _changed_since(
        self, entry: AuditEntry, holder: Any, relation: RelationshipProperty[Any], others: Sequence[Any]
    ) -> set[str]:
        """The keys of those whose link with the holder somebody has made, changed or taken away after this entry."""
        keys: set[str] = set()
        if relation.secondary is not None:
            for some in batches(others):
                keys |= _touched(self.target.session, entry, holder, relation, some)
        return keys

    def _change(
        self, entry: AuditEntry, holder: Any, relation: RelationshipProperty[Any], others: Sequence[Any], *, add: bool
    ) -> int:
        if not add:
            return detach(self.target.session, holder, relation, others)
        return attach(self.target.session, holder, relation, others, entry.links[relation.key].get("values"))

    def _leave_without(self, entry: AuditEntry, keys: Sequence[str], *, is_own: bool) -> None:
        if is_own:
            self._leave([entry.record_key], _("It is gone, or may no longer be seen."))
        else:
            self._leave(keys, _("What it was linked with is gone."))

    def _leave(self, keys: Sequence[str], reason: str) -> None:
        for key in keys:
            self.tally.leave(key, SKIPPED, reason)


def _touched(
    session: Session, entry: AuditEntry, holder: Any, relation: RelationshipProperty[Any], others: Sequence[Any]
) -> set[str]:
    """The same, from what the history tells of the holder, of the others, and of links that are records themselves."""
    table: Any = relation.secondary
    far, links = relation.mapper.class_, _link_keys(relation, holder, others)
    names = {short_key(key_text(other)): key_text(other) for other in others}
    here = sa.or_(
        sa.and_(TOLD.c.table_name == entry.table_name, TOLD.c.record_key == entry.record_key),
        sa.and_(TOLD.c.table_name == far.__table__.name, TOLD.c.record_key.in_(list(names))),
        sa.and_(TOLD.c.table_name == table.name, TOLD.c.record_key.in_(list(links))),
    )
    later = sa.select(TOLD.c.table_name, TOLD.c.record_key, TOLD.c.links).where(TOLD.c.id > entry.id, here)
    back, keys = _ways_back(relation), set[str]()
    for row in session.execute(later):
        if row.table_name == table.name and row.record_key in links:
            keys.add(links[row.record_key])
        if (row.table_name, row.record_key) == (entry.table_name, entry.record_key):
            keys |= _named(row.links, [relation.key])
        if row.table_name == far.__table__.name and key_text(holder) in _named(row.links, back):
            keys.add(names[row.record_key])
    return keys


def _named(links: Mapping[str, Any] | None, relations: Sequence[str]) -> set[str]:
    """The keys that an entry names for these relations."""
    told = ((links or {}).get(name, {}) for name in relations)
    return {key for linked in told for part in ("added", "removed") for key in linked.get(part, ())}


def _link_keys(relation: RelationshipProperty[Any], holder: Any, others: Sequence[Any]) -> dict[str, str]:
    """The keys of the links where these are records too, each with the key of its other end."""
    table: Any = relation.secondary
    model, parts = model_of(table), [column.name for column in table.primary_key]
    found: dict[str, str] = {}
    for other in others if model is not None else ():
        link = link_of(relation, holder, other)
        if link.keys() >= set(parts):
            found[short_key(print_key(model, [link[part] for part in parts]))] = key_text(other)
    return found


def _ways_back(relation: RelationshipProperty[Any]) -> list[str]:
    """The relations of the other end that write the same links."""
    ends = {remote.name for _local, remote in relation.secondary_synchronize_pairs or []}
    return [
        other.key
        for other in relation.mapper.relationships
        if other.secondary is relation.secondary and {remote.name for _local, remote in other.synchronize_pairs} == ends
    ]
