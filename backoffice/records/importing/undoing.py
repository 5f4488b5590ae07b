"""Taking back an import: records that it changed are set back, those that it made are deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from backoffice.models import ImportRow
from backoffice.records.bulk.undoing import Undo
from backoffice.records.jobs.tasks import Tally

ROW: Any = ImportRow.__table__


class UndoImport(Undo):
    """The keys of an import are places in its dry run, which knows the record of each."""

    # Records that were made go one by one, each kept among the deleted.
    first = 20
    most = 200

    def run(self, keys: Sequence[str], start: int) -> Tally:
        """Undo what was done for these rows."""
        tally, found = Tally(), Tally()
        rows = sa.select(ROW.c.record_key, ROW.c.position).where(
            ROW.c.job_id == self.job.arguments.get("check"),
            ROW.c.position.in_([int(key) for key in keys]),
            ROW.c.record_key != "",
        )
        places = {row.record_key: str(row.position) for row in self.session.execute(rows)}
        self._undo(list(places), self._changes(start, len(keys)), found)
        for key, (outcome, reason) in found.left.items():
            tally.leave(places[key], outcome, reason)
        tally.changed = found.changed
        tally.unchanged = len(keys) - tally.changed - len(tally.left)
        return tally
