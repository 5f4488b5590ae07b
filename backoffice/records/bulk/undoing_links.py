"""Taking back the links that a job made, and making those again that it took away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty

from backoffice.database.keys import key_text, records_of
from backoffice.errors import NotAllowed
from backoffice.models import AuditEntry, Model
from backoffice.records.bulk.change import Target
from backoffice.records.jobs.tasks import SKIPPED, Tally
from backoffice.records.keeping import model_of
from backoffice.records.linking import attach, detach


@dataclass
class Links:
    """Undoes what entries tell of links: made from the records of the job, or from others to these.

    `may_link` is asked of a model, its relation and whether links are to be made. Records that are `done`
    count already.
    """

    target: Target
    may_link: Callable[[type[Any], str, bool], bool]
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
                self._require(model, name, add=part == "removed")
                if holder is None:
                    self._leave_without(entry, theirs, is_own=is_own)
                    continue
                relation = sa.inspect(model).relationships[name]
                if is_own:
                    self._of_own(entry, holder, relation, theirs, add=part == "removed")
                else:
                    self._of_others(holder, relation, theirs, add=part == "removed")

    def _of_own(
        self, entry: AuditEntry, holder: Any, relation: RelationshipProperty[Any], keys: Sequence[str], *, add: bool
    ) -> None:
        """Links that a record of the job holds: they count as one."""
        far = relation.mapper.class_
        others = records_of(self.target.session, sa.select(far), far, keys)
        if others and self._change(holder, relation, others, add=add) and entry.record_key not in self.done:
            self.tally.changed += 1
            self.done.add(entry.record_key)

    def _of_others(self, holder: Any, relation: RelationshipProperty[Any], keys: Sequence[str], *, add: bool) -> None:
        """Links from another record to those of the job: each counts."""
        others = records_of(self.target.session, self.target.rows, relation.mapper.class_, keys)
        there = {key_text(other) for other in others}
        self._leave([key for key in keys if key not in there], _("It is gone, or may no longer be seen."))
        self.tally.changed += self._change(holder, relation, others, add=add) if others else 0

    def _change(self, holder: Any, relation: RelationshipProperty[Any], others: Sequence[Any], *, add: bool) -> int:
        return (attach if add else detach)(self.target.session, holder, relation, others)

    def _require(self, model: type[Any], name: str, *, add: bool) -> None:
        if not self.may_link(model, name, add):
            raise NotAllowed(_("You may not change these links. Ask an administrator for a role that may."))

    def _leave_without(self, entry: AuditEntry, keys: Sequence[str], *, is_own: bool) -> None:
        if is_own:
            self._leave([entry.record_key], _("It is gone, or may no longer be seen."))
        else:
            self._leave(keys, _("What it was linked with is gone."))

    def _leave(self, keys: Sequence[str], reason: str) -> None:
        for key in keys:
            self.tally.leave(key, SKIPPED, reason)
