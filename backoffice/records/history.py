"""Reading the history of a record: what was changed since, and how it stood at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import AuditEntry
from backoffice.records import batches
from backoffice.records.auditing import short_key

# Entries that are looked through for what was changed since a form was opened.
MOST_SINCE = 200


def of_record(
    session: Session,
    table_name: str,
    key: str,
    *,
    after: int = 0,
    before: int | None = None,
    only: int | None = None,
    most: int | None = None,
) -> list[AuditEntry]:
    """The entries of one record, newest first; not those of another one that had its key before.

    Between two places in the chain, or the one at `only`; what a batch tells of the record is an entry too.
    """
    if only is not None:
        after, before = only - 1, only + 1
    own = (AuditEntry.table_name == table_name, AuditEntry.record_key == short_key(key))
    made = session.scalar(sa.select(sa.func.max(AuditEntry.id)).where(*own, AuditEntry.action == "create"))
    after = max(after, (made or 0) - 1)
    alone = sa.select(AuditEntry).where(*own, AuditEntry.id > after).order_by(AuditEntry.id.desc())
    if before is not None:
        alone = alone.where(AuditEntry.id < before)
    packed = batches.of_record(session, table_name, key, after=after, before=before)
    return sorted([*session.scalars(alone.limit(most)), *packed], key=attrgetter("id"), reverse=True)[:most]


def since_version(session: Session, table_name: str, key: str, version: int) -> list[AuditEntry]:
    """What others did to a record after it had this version, oldest first."""
    entries = of_record(session, table_name, key, most=MOST_SINCE)
    return [entry for entry in reversed(entries) if entry.version is not None and entry.version > version]


@dataclass
class Past:
    """How a record stood: columns that were other than now with their values then, and links to take back.

    Of links that come back, `held` is what they said themselves, by relation and key, where the history knows it.
    """

    values: dict[str, Any] = field(default_factory=dict)
    attached: dict[str, set[str]] = field(default_factory=dict)
    detached: dict[str, set[str]] = field(default_factory=dict)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)


def before(entries: Sequence[AuditEntry]) -> Past:
    """How the record stood before these entries, which are its newest ones or a single one, newest first.

    `attached` are links that were made since and would go, `detached` those that were taken away and would come back.
    """
    past = Past()
    for entry in entries:
        for name, (value, _after) in entry.changes.items():
            past.values[name] = value
        for relation, keys in entry.links.items():
            attached = past.attached.setdefault(relation, set())
            detached = past.detached.setdefault(relation, set())
            # Going back in time: what was added goes, what was removed comes; the oldest entry has the last word.
            for key in keys.get("added", ()):
                attached.add(key)
                detached.discard(key)
            for key in keys.get("removed", ()):
                detached.add(key)
                attached.discard(key)
            past.held.setdefault(relation, {}).update(keys.get("values", {}))
    return past
