"""Entries of the history that tell of thousands of records at once: what changed in them, packed.

A job that changes a million records writes one entry for each of its transactions: an entry for each record would take
most of its time. The entry's key is the digest of the packed rows, so that the chain covers them. The history of a
record finds those that concern it by their first and last key, so records whose keys are not whole numbers have entries
of their own instead.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import Kind, primary_key
from backoffice.models import AuditBatch, AuditEntry

BATCH: Any = AuditBatch.__table__
ENTRY: Any = AuditEntry.__table__
# How the key of an entry begins that tells of a batch.
DIGEST = "batch:sha256:"
# What stands for a value that was not the same in all of them.
VARIOUS = {"various": True}


@dataclass(frozen=True)
class Rows:
    """Records that changed alike: their keys in order, the version each then had, and for each column the values
    before and after, as the history keeps them. A single value after is that of all."""

    keys: Sequence[Any]
    versions: Sequence[int | None]
    before: Mapping[str, Sequence[Any]]
    after: Mapping[str, Any]
    each: frozenset[str] = field(default_factory=frozenset)

    def changes_at(self, place: int) -> dict[str, list[Any]]:
        """The columns of one of them as [before, after]."""
        return {
            name: [values[place], self.after[name][place] if name in self.each else self.after[name]]
            for name, values in self.before.items()
        }

    def summary(self) -> dict[str, list[Any]]:
        """What can be said of all of them together."""
        return {
            name: [_common(values), _common(self.after[name]) if name in self.each else self.after[name]]
            for name, values in self.before.items()
        }


def _common(values: Sequence[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else VARIOUS


def can_be_packed(model: type[Any]) -> bool:
    """Whether the model's records are found in a batch: by one whole number."""
    parts = primary_key(model)
    return len(parts) == 1 and parts[0].kind is Kind.INTEGER


def pack(rows: Rows) -> bytes:
    """The rows as a batch keeps them."""
    kept = {
        "keys": list(rows.keys), "versions": list(rows.versions), "each": sorted(rows.each),
        "before": {name: list(values) for name, values in rows.before.items()}, "after": dict(rows.after),
    }  # fmt: skip
    # The quickest level: most is the same value over and over.
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 1)


def unpack(packed: bytes) -> Rows:
    """What `pack` made."""
    kept = json.loads(zlib.decompress(packed))
    return Rows(kept["keys"], kept["versions"], kept["before"], kept["after"], frozenset(kept["each"]))


def digest(packed: bytes) -> str:
    """The key of the entry that tells of these rows."""
    return DIGEST + sha256(packed).hexdigest()


def is_batch(entry: AuditEntry) -> bool:
    """Whether an entry tells of a batch."""
    return entry.record_key.startswith(DIGEST)


def of_record(session: Session, table: str, key: str, *, after: int = 0, before: int | None = None) -> list[AuditEntry]:
    """What batches tell of one record, newest first, each as an entry of its own; between two places in the chain."""
    if not (key.isascii() and key.removeprefix("-").isdigit() and len(key) < 19):
        return []
    number = int(key)
    found = (
        sa.select(BATCH.c.id, BATCH.c.rows)
        .where(BATCH.c.table_name == table, BATCH.c.last_key >= number, BATCH.c.first_key <= number, BATCH.c.id > after)
        .order_by(BATCH.c.id.desc())
    )
    if before is not None:
        found = found.where(BATCH.c.id < before)
    parts = {id_: part for id_, packed in session.execute(found) if (part := _part(unpack(packed), number))}
    entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.id.in_(parts)).order_by(AuditEntry.id.desc()))
    return [_narrowed(entry, key, *parts[entry.id]) for entry in entries]


class Part(NamedTuple):
    """What an entry tells of one record; no record of the session, as there are thousands."""

    table_name: str
    record_key: str
    action: str
    version: int | None
    changes: Mapping[str, list[Any]]
    links: Mapping[str, Any]


def records_in(session: Session, entries: Sequence[AuditEntry], keys: Container[str] | None = None) -> Iterator[Part]:
    """What the entries tell of records, one by one: of those that a batch tells of, all or the ones with these keys."""
    ids = [entry.id for entry in entries if is_batch(entry)]
    found = sa.select(BATCH.c.id, BATCH.c.rows).where(BATCH.c.id.in_(ids))
    packed = {row.id: row.rows for row in session.execute(found)} if ids else {}
    for entry in entries:
        if entry.id not in packed:
            yield Part(
                entry.table_name, entry.record_key, entry.action, entry.version, entry.changes, entry.links or {}
            )
            continue
        rows = unpack(packed[entry.id])
        told = entry.table_name, entry.action
        for place, key in enumerate(map(str, rows.keys)):
            if keys is None or key in keys:
                yield Part(told[0], key, told[1], rows.versions[place], rows.changes_at(place), {})


def _part(rows: Rows, number: int) -> tuple[int | None, dict[str, list[Any]]] | None:
    if number not in rows.keys:
        return None
    place = list(rows.keys).index(number)
    return rows.versions[place], rows.changes_at(place)


def _narrowed(entry: AuditEntry, key: str, version: int | None, changes: dict[str, list[Any]]) -> AuditEntry:
    """The entry as if it told of one record only; it is of no session and cannot be saved."""
    values = {column.key: getattr(entry, column.key) for column in sa.inspect(AuditEntry).column_attrs}
    return AuditEntry(**{**values, "record_key": key, "record_label": "", "version": version, "changes": changes})
