"""What was deleted, kept whole for a while so that it can come back with its key and its links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.audit_entry import KEY_LENGTH
from backoffice.models.base import Model, UTCDateTime, utcnow


class DeletedRecord(Model):
    """A record that somebody deleted. What went with it stands in its parts."""

    __tablename__ = "deleted_record"
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow, index=True)
    staff_id: Mapped[int | None] = mapped_column(index=True)
    person: Mapped[str] = mapped_column(sa.String(255), default="")
    change_id: Mapped[str] = mapped_column(sa.String(32), index=True)
    table_name: Mapped[str] = mapped_column(sa.String(64))
    record_key: Mapped[str] = mapped_column(sa.String(KEY_LENGTH))
    record_label: Mapped[str] = mapped_column(sa.String(200), default="")

    def __str__(self) -> str:
        return self.record_label or self.record_key


sa.Index("ix_deleted_record_record", DeletedRecord.__table__.c.table_name, DeletedRecord.__table__.c.record_key)


class DeletedPart(Model):
    """Some rows of one table that went with a deleted record, or were unlinked from it, in the order to put them back.

    `rows` are lists of values in the order of `columns`; `kind` is `row` (deleted) or `unlinked` (still there).
    """

    __tablename__ = "deleted_part"
    __audited__ = False

    record_id: Mapped[int] = mapped_column(sa.ForeignKey("deleted_record.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.String(10))
    table_name: Mapped[str] = mapped_column(sa.String(64))
    columns: Mapped[list[str]] = mapped_column(sa.JSON)
    rows: Mapped[list[list[Any]]] = mapped_column(sa.JSON)
