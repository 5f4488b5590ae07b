"""The chain of the history's entries: each holds a hash of itself and of the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.moments import print_moment
from backoffice.models import AuditChain, AuditEntry, utcnow
from backoffice.records import batches

ENTRY: Any = AuditEntry.__table__
CHAIN: Any = AuditChain.__table__
# Everything but the hash itself.
HASHED = tuple(sorted(column.name for column in ENTRY.c if column.name != "hash"))
BATCH = 1000
GONE = "it was removed as too old, so what was noted of it cannot be compared: note the present end"


@dataclass(frozen=True)
class Broken:
    """The first entry that is not what was written, and what is wrong with it."""

    position: int
    reason: str


@dataclass(frozen=True)
class Verified:
    """How many entries were read, where the chain ends, and what is broken, if anything is."""

    count: int
    position: int
    hash: str
    broken: Broken | None = None


def add(session: Session, entries: Sequence[Mapping[str, Any]]) -> int:
    """Append entries; the place of the first. The chain's end is locked until the transaction ends, so that there is
    one order."""
    end = session.execute(sa.select(CHAIN.c.position, CHAIN.c.hash).where(CHAIN.c.id == 1).with_for_update()).one()
    position, last, now, rows = end.position, end.hash, utcnow(), []
    for entry in entries:
        position += 1
        row = {"at": now, **entry, "id": position}
        last = row["hash"] = digest(row, last)
        rows.append(row)
    session.execute(sa.insert(ENTRY), rows)
    session.execute(sa.update(CHAIN).where(CHAIN.c.id == 1).values(position=position, hash=last))
    return int(end.position) + 1


def digest(entry: Mapping[str, Any], before: str) -> str:
    """The hash of an entry that follows one with the hash `before`."""
    values = {name: _written(entry[name]) for name in HASHED}
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return sha256(f"{before}{text}".encode()).hexdigest()


def _written(value: Any) -> Any:
    return print_moment(None, value) if isinstance(value, datetime) else value


def verify(session: Session, known: Mapping[int, str] | None = None) -> Verified:
    """Read the whole chain; `known` are hashes that were noted elsewhere, by position."""
    chain = session.execute(sa.select(CHAIN).where(CHAIN.c.id == 1)).one()
    position, last, count = chain.removed_position, chain.removed_hash, 0
    for noted, digest_noted in sorted((known or {}).items()):
        if noted > chain.position:
            return Verified(
                0, position, last, Broken(chain.position + 1, f"it is missing, as all up to {noted}, which was noted")
            )
        if noted < position or (noted == position and digest_noted != last):
            reason = "it was removed as too old, though not in the state that was noted" if noted == position else GONE
            return Verified(0, position, last, Broken(noted, reason))
    for entry in _entries(session, chain.position):
        reason = _wrong(entry, position, last, known or {}) or _wrong_batch(session, entry)
        if reason:
            return Verified(count, position, last, Broken(position + 1, reason))
        position, last, count = entry["id"], entry["hash"], count + 1
    broken = None
    if (position, last) != (chain.position, chain.hash):
        broken = Broken(position + 1, "the entries end before the chain does: the newest are missing")
    return Verified(count, position, last, broken)


def ends_whole(session: Session) -> bool:
    """Whether the newest entry is the one that the chain ends with, and follows the one before. Looks no further."""
    chain = session.execute(sa.select(CHAIN).where(CHAIN.c.id == 1)).one()
    if chain.position == chain.removed_position:
        return bool(chain.hash == chain.removed_hash)
    asked = sa.select(ENTRY).where(ENTRY.c.id.in_((chain.position - 1, chain.position))).order_by(ENTRY.c.id)
    found: list[Any] = list(session.execute(asked).mappings())
    before = found[0]["hash"] if len(found) == 2 else chain.removed_hash
    return bool(found) and found[-1]["hash"] == chain.hash and not _wrong(found[-1], chain.position - 1, before, {})


def _wrong(entry: Mapping[str, Any], position: int, last: str, known: Mapping[int, str]) -> str:
    if entry["id"] != position + 1:
        return f"it is missing: the next entry there is {entry['id']}"
    if digest(entry, last) != entry["hash"]:
        return "it is not what was written, or it does not follow the one before"
    if known.get(entry["id"], entry["hash"]) != entry["hash"]:
        return "its hash is not the one that was noted: the chain was written anew"
    return ""


def _wrong_batch(session: Session, entry: Mapping[str, Any]) -> str:
    if not entry["record_key"].startswith(batches.DIGEST):
        return ""
    packed = session.scalar(sa.select(batches.BATCH.c.rows).where(batches.BATCH.c.id == entry["id"]))
    if packed is None or batches.digest(packed) != entry["record_key"]:
        return "the records it tells of are not those that were written"
    return ""


def _entries(session: Session, end: int) -> Iterator[Any]:
    """All entries in their order, a batch at a time; what is added meanwhile is left out."""
    after = -1
    while True:
        batch = session.execute(
            sa.select(ENTRY).where(ENTRY.c.id > after, ENTRY.c.id <= end).order_by(ENTRY.c.id).limit(BATCH)
        ).mappings().all()  # fmt: skip
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1]["id"]


def prune_some(session: Session, before: datetime) -> int:
    """Remove the oldest BATCH of entries, up to the first that is not older than `before`; the rest stays verifiable.

    The end of the chain is held until the caller commits, which should be soon.
    """
    session.execute(sa.select(CHAIN.c.id).where(CHAIN.c.id == 1).with_for_update()).one()
    oldest = session.execute(sa.select(ENTRY.c.id, ENTRY.c.hash, ENTRY.c.at).order_by(ENTRY.c.id).limit(BATCH))
    rows = list(takewhile(lambda row: row.at < before, oldest.all()))
    if not rows:
        return 0
    last = rows[-1]
    session.execute(sa.delete(ENTRY).where(ENTRY.c.id <= last.id))
    session.execute(sa.delete(batches.BATCH).where(batches.BATCH.c.id <= last.id))
    removed = {"removed_position": last.id, "removed_hash": last.hash}
    session.execute(sa.update(CHAIN).where(CHAIN.c.id == 1).values(removed))
    return len(rows)
