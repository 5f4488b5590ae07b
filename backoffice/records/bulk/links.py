"""Adding many records to what another one is linked to, and taking them from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import RelationshipProperty

from backoffice.database.keys import has_key, print_key
from backoffice.records.bulk.change import Change, Target
from backoffice.records.jobs.tasks import Tally
from backoffice.records.linking import attach, detach


class SetLinks(Change):
    """Links the records to `holder` by its `relation`, or unlinks them."""

    first = 200
    most = 1000

    def __init__(
        self, holder: Any, relation: RelationshipProperty[Any], *, add: bool, options: Sequence[Any] = ()
    ) -> None:
        self.holder, self.relation, self.add, self.options = holder, relation, add, options

    def unchanged(self) -> sa.ColumnElement[bool] | None:
        """Those that are linked already, or not, where the records know their way back."""
        if not self.relation.back_populates:
            return None
        back = getattr(self.relation.mapper.class_, self.relation.back_populates)
        holder = has_key(type(self.holder), [tuple(sa.inspect(self.holder).identity)])
        linked: sa.ColumnElement[bool] = (back.any if back.property.uselist else back.has)(holder)
        return linked if self.add else ~linked

    def run(self, target: Target, texts: Sequence[str]) -> Tally:
        """Link or unlink those that are not so already."""
        tally, keys = Tally(), target.parsed(texts)
        statement = target.rows.where(has_key(target.model, list(keys.values()))).options(*self.options)
        records = target.session.scalars(statement).unique().all() if keys else []
        work = attach if self.add else detach
        tally.changed = work(target.session, self.holder, self.relation, records) if records else 0
        tally.unchanged = len(records) - tally.changed
        found = {print_key(target.model, sa.inspect(record).identity) for record in records}
        target.leave(tally, [text for text in texts if text not in found])
        return tally
