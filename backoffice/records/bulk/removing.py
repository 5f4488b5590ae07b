"""Deleting many records, each with all that goes with it, kept to come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from backoffice.database.keys import print_key
from backoffice.records.bulk.change import Change, Target
from backoffice.records.consequences import Choice
from backoffice.records.deleting import remove
from backoffice.records.jobs.tasks import SKIPPED, Tally


class Remove(Change):
    """Deletes the records; `choices` say what becomes of those that point at them.

    `before` is told of them, `after` of each one that is gone. Those that are not `as_seen` are left.
    """

    first = 20
    most = 200

    def __init__(
        self,
        choices: Callable[[Sequence[Any]], Mapping[str, Choice]],
        before: Callable[[Sequence[Any]], None],
        after: Callable[[Any], None],
        as_seen: Callable[[Any], bool] = lambda _record: True,
    ) -> None:
        self.choices, self.before, self.done, self.as_seen = choices, before, after, as_seen

    def run(self, target: Target, texts: Sequence[str]) -> Tally:
        """Delete those that are still there and still match; a refusal is found record by record by the caller."""
        tally, keys = Tally(), target.parsed(texts)
        statement = target.these(list(keys.values())).execution_options(populate_existing=True)
        records = list(target.session.scalars(statement).unique()) if keys else []
        found = {print_key(target.model, sa.inspect(record).identity) for record in records}
        for record in [record for record in records if not self.as_seen(record)]:
            key = print_key(target.model, sa.inspect(record).identity)
            tally.leave(key, SKIPPED, _("Somebody has changed it since."))
            records.remove(record)
        self.before(records)
        tally.changed = remove(target.session, records, self.choices(records)) if records else 0
        for record in records:
            self.done(record)
        target.leave(tally, [text for text in texts if text not in found])
        return tally
