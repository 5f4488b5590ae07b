"""Taking back what a job did, from what the history tells of its chunks; what was changed since is left alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from backoffice.database.attributes import Attribute, attributes, primary_key, version_attribute
from backoffice.database.keys import has_key, has_key_of_many, key_text, print_key, records_of
from backoffice.errors import NotAllowed, NotFound
from backoffice.models import AuditEntry, DeletedRecord, Job, JobChunk
from backoffice.models.searchable import is_searchable
from backoffice.records import consequences
from backoffice.records.auditing import change_of, note_batch, short_key
from backoffice.records.batches import Part, Rows, can_be_packed, records_in
from backoffice.records.bulk.change import Key, Target
from backoffice.records.bulk.undoing_links import Links, require_links
from backoffice.records.bulk.undoing_moved import HandedOver
from backoffice.records.bulk.values import AS_ONE
from backoffice.records.deleting import remove
from backoffice.records.jobs.tasks import SKIPPED, Tally
from backoffice.records.restoring import put_back
from backoffice.records.snapshots import decode, encode

# Keys to begin with, where the job does not tell.
FIRST = 200


@dataclass(frozen=True)
class Rights:
    """What whoever undoes may do: a right to carry the action out is none to do its opposite.

    `may_set` is asked of a column of the job's records, which `label` calls as pages do; `may_link` of a model, a
    relation of it, and whether links are to be made or to be taken away. `before_delete` is told of each record that is
    about to go, and raises what speaks against it.
    """

    may_set: Callable[[str], bool]
    may_link: Callable[[type[Any], str, bool], bool]
    may_delete: Callable[[], bool]
    before_delete: Callable[[Any], None]
    label: Callable[[str], str]


class Undo:
    """Works through the keys of `job` again and puts each record back; `target` holds all that the person may see.

    As many at a time as the job began with: what was done by one statement is taken back by one, and what was done
    record by record takes its time again.
    """

    def __init__(self, target: Target, job: Job, rights: Rights) -> None:
        self.target, self.job, self.rights, self.session = target, job, rights, target.session
        begun = sa.select(JobChunk.count).where(JobChunk.job_id == job.id).order_by(JobChunk.start).limit(1)
        self.first = self.session.scalar(begun) or FIRST
        self.most = max(FIRST, 10 * self.first)

    def run(self, keys: Sequence[str], start: int) -> Tally:
        """Undo what was done to these keys."""
        tally = Tally()
        self._undo(keys, self._changes(start, len(keys)), tally)
        tally.unchanged = len(keys) - tally.changed - len(tally.left)
        return tally

    def _undo(self, keys: Sequence[str], changes: Sequence[str], tally: Tally) -> None:
        wanted = {short_key(key): key for key in keys}
        change_of(self.session).as_action = "revert"
        entries, others = dict[str, Part](), list[Part]()
        found = self._entries(changes)
        for entry in records_in(self.session, found, wanted):
            is_own = entry.table_name == self._table and entry.record_key in wanted
            if is_own and (entry.changes or not entry.links):
                entries.setdefault(wanted[entry.record_key], entry)
            elif entry.action == "update":
                others.append(entry)
        gone = {key: entry for key, entry in entries.items() if entry.action == "delete"}
        made = {key: entry for key, entry in entries.items() if entry.action == "create"}
        self._put_back(gone, changes, others, tally)
        self._reset({key: entry for key, entry in entries.items() if key not in gone and key not in made}, tally)
        self._take_away(made, tally)
        if not gone:
            done = {key for key in entries if key not in tally.left}
            links = Links(self.target, self.rights.may_link, tally, done)
            for told in found:
                if told.links:
                    links.take_back(told, set(keys))

    @property
    def _table(self) -> str:
        return str(self.target.model.__table__.name)

    def _changes(self, start: int, count: int) -> list[str]:
        chunks = sa.select(JobChunk.change_id).where(
            JobChunk.job_id == self.job.id, JobChunk.start < start + count, JobChunk.start + JobChunk.count > start
        )
        return list(self.session.scalars(chunks))

    def _entries(self, changes: Sequence[str]) -> Sequence[AuditEntry]:
        found = sa.select(AuditEntry).where(AuditEntry.change_id.in_(changes)).order_by(AuditEntry.id)
        return self.session.scalars(found).all()

    # -- columns ------------------------------------------------------------------------------------------------

    def _reset(self, entries: Mapping[str, Part], tally: Tally) -> None:
        """Set the columns back where the record still is as the job had left it."""
        entries = self._permitted(entries, tally)
        if not entries:
            return
        names = list(dict.fromkeys(name for entry in entries.values() for name in entry.changes))
        known = attributes(self.target.model)
        columns = [known[name] for name in names if name in known]
        parsed = self.target.parsed(list(entries))
        now = self._now(columns, list(parsed.values()))
        ready: dict[str, Any] = {}
        for text, entry in entries.items():
            row = now.get(text)
            if row is None:
                tally.leave(text, SKIPPED, _("It is gone, or may no longer be seen."))
            elif not _is_as_left(row, entry, columns):
                tally.leave(text, SKIPPED, _("Somebody has changed it since."))
            else:
                ready[text] = row
        made_from = any(is_searchable(self.target.model) and c.name in self.target.model.__search__ for c in columns)
        # Of records that changed in different columns each is told only of its own.
        if made_from or any(len(entry.changes) < len(names) for entry in entries.values()):
            self._set_each(ready, entries)
        else:
            self._set_grouped({text: parsed[text] for text in ready}, entries, columns, ready)
        tally.changed += len(ready)

    def _permitted(self, entries: Mapping[str, Part], tally: Tally) -> dict[str, Part]:
        """Those of which the person may set all that the job had set; the others are left whole."""
        names = dict.fromkeys(name for entry in entries.values() for name in entry.changes)
        denied = [name for name in names if not self.rights.may_set(name)]
        permitted = {}
        for text, entry in entries.items():
            if labels := [self.rights.label(name) for name in denied if name in entry.changes]:
                tally.leave(text, SKIPPED, _("You may not change this: %(fields)s.", fields=", ".join(labels)))
            else:
                permitted[text] = entry
        return permitted

    def _now(self, columns: Sequence[Attribute], keys: Sequence[Key]) -> dict[str, Any]:
        model, version = self.target.model, version_attribute(self.target.model)
        parts = [part.expression for part in primary_key(model)]
        counted = (getattr(model, version) if version else sa.null()).label("version")
        statement = self.target.these(keys).with_only_columns(
            *parts, counted, *(column.expression for column in columns), maintain_column_froms=True
        )
        rows = self.session.execute(statement)
        return {print_key(model, row[: len(parts)]): row[len(parts) :] for row in rows}

    def _set_grouped(
        self, keys: Mapping[str, Key], entries: Mapping[str, Part], columns: Sequence[Attribute], now: Any
    ) -> None:
        """One statement for all records that get the same values."""
        model, version = self.target.model, version_attribute(self.target.model)
        groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for text in keys:
            groups[tuple(_before(entries[text], column) for column in columns)].append(text)
        for values, texts in groups.items():
            change = {column.expression: decode(column, value) for column, value in zip(columns, values, strict=True)}
            if version:
                change[getattr(model, version)] = getattr(model, version) + 1
            here = has_key_of_many(model, [keys[text] for text in texts])
            self.session.execute(sa.update(model).where(here).values(change), execution_options=AS_ONE)
        note_batch(self.session, "revert", model, self._noted(keys, entries, columns, now))

    def _noted(
        self, keys: Mapping[str, Key], entries: Mapping[str, Part], columns: Sequence[Attribute], now: Any
    ) -> Rows:
        plain = can_be_packed(self.target.model)
        return Rows(
            keys=[key[0] if plain else text for text, key in keys.items()],
            versions=[None if now[text][0] is None else now[text][0] + 1 for text in keys],
            before={c.name: [encode(c, now[text][1 + n]) for text in keys] for n, c in enumerate(columns)},
            after={c.name: [_before(entries[text], c) for text in keys] for c in columns},
            each=frozenset(c.name for c in columns),
        )

    def _set_each(self, ready: Mapping[str, Any], entries: Mapping[str, Part]) -> None:
        """Record by record, where something is made from the values."""
        model = self.target.model
        for record in records_of(self.session, self.target.rows, model, list(ready)):
            entry = entries[print_key(model, sa.inspect(record).identity)]
            for name, (before, _after) in entry.changes.items():
                setattr(record, name, decode(attributes(model)[name], before))
        self.session.flush()

    def _take_away(self, made: Mapping[str, Part], tally: Tally) -> None:
        """Delete the records that the job made, where nobody has touched them since and nothing hangs on them."""
        if not made:
            return
        if not self.rights.may_delete():
            raise NotAllowed(_("Records that were made have to be deleted to undo this, and you may not delete them."))
        model, version = self.target.model, version_attribute(self.target.model)
        known = attributes(model)
        found = self.target.these(list(self.target.parsed(list(made)).values()))
        there = {key_text(record): record for record in self.session.scalars(found).unique()}
        ready = []
        for text, entry in made.items():
            record = there.get(text)
            if record is None:
                tally.leave(text, SKIPPED, _("It is gone, or may no longer be seen."))
                continue
            columns = [known[name] for name in entry.changes if name in known]
            row = [getattr(record, version) if version else None, *(getattr(record, c.name) for c in columns)]
            if not _is_as_left(row, entry, columns):
                tally.leave(text, SKIPPED, _("Somebody has changed it since."))
            elif consequences.consequences(self.session, [record]):
                tally.leave(text, SKIPPED, _("Other records refer to it by now."))
            else:
                self.rights.before_delete(record)
                ready.append(record)
        tally.changed += remove(self.session, ready) if ready else 0

    # -- records ------------------------------------------------------------------------------------------------

    def _put_back(self, gone: Mapping[str, Part], changes: Sequence[str], others: Sequence[Part], tally: Tally) -> None:
        if not gone:
            return
        handed = HandedOver(self.session, self.target.model, others)
        found = sa.select(DeletedRecord.id, DeletedRecord.record_key).where(
            DeletedRecord.table_name == self._table,
            DeletedRecord.record_key.in_([short_key(key) for key in gone]),
            DeletedRecord.change_id.in_(changes),
        )
        kept = {row.record_key: row.id for row in self.session.execute(found)}
        for key in gone:
            deleted = kept.get(short_key(key))
            if deleted is None:
                tally.leave(key, SKIPPED, _("Somebody has restored it already, or it is no longer kept."))
                continue
            restored = put_back(self.session, deleted)
            self._require_seen(restored)
            if self._give_back(handed, tuple(restored)):
                tally.changed += 1
            else:
                tally.leave(key, SKIPPED, _("It is back, but some of what was handed over is not as it was left."))

    def _give_back(self, handed: HandedOver, key: Key) -> bool:
        """Whether a record that is there again has back all that was handed over when it went."""
        owner, whole = self.session.get_one(self.target.model, key), True
        for relation, parts in handed.of(owner):
            require_links(self.rights.may_link, self.target.model, relation.key, add=True)
            whole = handed.give_back(owner, relation, parts) and whole
        return whole

    def _require_seen(self, key: Sequence[Any]) -> None:
        """Refuse to bring back what the person may not see. Only the database can tell, once it is there again."""
        seen = self.target.may_see.where(has_key(self.target.model, [tuple(key)])).order_by(None)
        if self.session.execute(seen.with_only_columns(sa.literal(1), maintain_column_froms=True)).first() is None:
            raise NotFound(_("It may not be seen by you, so it was not brought back."))


def _before(entry: Part, column: Attribute) -> Any:
    """What the column held; as the job had left it where this entry does not tell of it."""
    return entry.changes.get(column.name, [None, None])[0]


def _is_as_left(row: Any, entry: Part, columns: Sequence[Attribute]) -> bool:
    """Whether the record is as the job had left it: by its version, or by its values where it keeps none."""
    if entry.version is not None:
        return bool(row[0] == entry.version)
    after = {name: pair[1] for name, pair in entry.changes.items()}
    return all(encode(c, row[1 + n]) == after[c.name] for n, c in enumerate(columns) if c.name in after)
