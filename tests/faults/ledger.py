"""What was acknowledged, and whether all of it is there: the check that every fault test ends with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import attributes
from backoffice.models import Article, AuditEntry, Model
from backoffice.records import chain
from backoffice.records.batches import records_in
from backoffice.records.snapshots import encode


@dataclass
class Ledger:
    """Saves of one model that were acknowledged: the record, the column, the value as the history tells it.

    Every value is written once only.
    """

    lines: list[tuple[int, str, str | None]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    model: type[Model] = Article

    def acknowledge(self, record: int, column: str, value: str | None) -> None:
        """Note a save whose answer was yes."""
        with self.lock:
            self.lines.append((record, column, value))

    def check(self, session: Session, *, unheard: int = 0) -> None:
        """Each acknowledged value is written exactly once; what stands in a record is the last one that was written.

        `unheard` is how many more may be there: their answers were lost, so nobody knows of them.
        """
        session.rollback()
        model: Any = self.model
        known = attributes(model)
        found = session.scalars(
            sa.select(AuditEntry)
            .where(AuditEntry.table_name == self.model.__tablename__, AuditEntry.action != "create")
            .order_by(AuditEntry.id)
        ).all()
        entries = list(records_in(session, found))
        written: Counter[tuple[int, str, str | None]] = Counter()
        now: dict[tuple[int, str], str | None] = {}
        for entry in entries:
            record = int(entry.record_key)
            for column, (before, after) in entry.changes.items():
                written[record, column, after] += 1
                seen = now.get((record, column), before)
                assert before == seen, f"{record}.{column}: {seen!r} was replaced by somebody who saw {before!r}"
                now[record, column] = after
        missing = [line for line in self.lines if line not in written]
        assert not missing, f"acknowledged and not there: {missing[:5]} of {len(self.lines)}"
        twice = [line for line, times in written.items() if times > 1]
        assert not twice, f"written more than once: {twice[:5]}"
        assert len(written) <= len(self.lines) + unheard, "more was written than anybody asked for"
        records: dict[int, Any] = {int(each.id): each for each in session.scalars(sa.select(model))}
        for (record, column), value in now.items():
            held = encode(known[column], getattr(records[record], column))
            assert held == value, f"{record}.{column} is not what was written last"
        versions = {entry.record_key: entry.version for entry in entries}
        assert all(records[int(key)].version == version for key, version in versions.items())
        assert chain.verify(session).broken is None
