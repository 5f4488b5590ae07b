"""What was changed, by whom, when and from where: written in the transaction of the change, chained by hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model, UTCDateTime, utcnow

# Longer keys stand as their hash (records/auditing.py).
KEY_LENGTH = 255
# MySQL's BLOB ends at 64 KiB.
LongBinary = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


class AuditEntry(Model):
    """One record's part in one change. Entries are added and never changed.

    `changes` maps a column to its canonical text before and after, `links` a relation to the keys added and removed.
    `hash` covers the entry and the hash of the one before, so that no entry can be changed or taken out unseen.
    """

    __tablename__ = "audit_entry"
    __audited__ = False

    # The place in the chain, from 1 without gaps.
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow, index=True)
    # Who, as known then: an account may be renamed or go, what it did stays.
    staff_id: Mapped[int | None] = mapped_column(index=True)
    person: Mapped[str] = mapped_column(sa.String(255), default="")
    address: Mapped[str] = mapped_column(sa.String(45), default="")
    # The request, job or command that did it; entries of one change share `change_id`.
    source: Mapped[str] = mapped_column(sa.String(80), default="")
    change_id: Mapped[str] = mapped_column(sa.String(32), index=True)
    action: Mapped[str] = mapped_column(sa.String(20))
    table_name: Mapped[str] = mapped_column(sa.String(64))
    record_key: Mapped[str] = mapped_column(sa.String(KEY_LENGTH))
    record_label: Mapped[str] = mapped_column(sa.String(200), default="")
    # The record's version after the change, where it keeps one.
    version: Mapped[int | None]
    changes: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    links: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    hash: Mapped[str] = mapped_column(sa.String(64))

    def __str__(self) -> str:
        return self.record_label or self.record_key


sa.Index(
    "ix_audit_entry_record",
    AuditEntry.__table__.c.table_name,
    AuditEntry.__table__.c.record_key,
    AuditEntry.__table__.c.id,
)


class AuditBatch(Model):
    """The records of an entry that tells of many at once: what records.batches packs.

    The entry's `record_key` is the digest of `rows`, so the chain covers them. The keys are whole numbers, those of a
    batch between `first_key` and `last_key`.
    """

    __tablename__ = "audit_batch"
    __audited__ = False

    # The entry's place in the chain.
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    table_name: Mapped[str] = mapped_column(sa.String(64))
    first_key: Mapped[int] = mapped_column(sa.BigInteger)
    last_key: Mapped[int] = mapped_column(sa.BigInteger)
    count: Mapped[int]
    rows: Mapped[bytes] = mapped_column(LongBinary)


sa.Index(
    "ix_audit_batch_keys",
    AuditBatch.__table__.c.table_name,
    AuditBatch.__table__.c.last_key,
    AuditBatch.__table__.c.first_key,
)


class AuditChain(Model):
    """Where the chain of entries begins and ends: one row, which whoever adds entries holds until the commit."""

    __tablename__ = "audit_chain"
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    hash: Mapped[str] = mapped_column(sa.String(64), default="")
    # The last entry that retention has removed: the first one that is left is chained to it.
    removed_position: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    removed_hash: Mapped[str] = mapped_column(sa.String(64), default="")
