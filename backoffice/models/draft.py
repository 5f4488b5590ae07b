"""What somebody typed into a form and has not saved."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.article import LongText
from backoffice.models.base import Model


class Draft(Model):
    """One person's unsaved text for one record, or for one that does not exist yet. It changes no record.

    `slot` is a hash of view and record: keys can be longer than an index takes, and MySQL compares them without case.
    `copy` names the open form that typed it: another form of the same record may not write over it.
    """

    __tablename__ = "draft"
    __table_args__ = (sa.UniqueConstraint("staff_id", "slot"), Model.__table_args__)
    # The product's own bookkeeping: keeping a draft is no change that anybody has to account for.
    __audited__: ClassVar[bool] = False

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id", ondelete="CASCADE"))
    slot: Mapped[str] = mapped_column(sa.String(64))
    endpoint: Mapped[str] = mapped_column(sa.String(80))
    # Empty for a record that does not exist yet.
    record_key: Mapped[str] = mapped_column(sa.String(1000), default="")
    copy: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    # What was changed alone: field -> its values; and the words that stand for chosen records.
    fields: Mapped[dict[str, list[str]]] = mapped_column(sa.JSON)
    labels: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    # What the form was made from, so that a later save merges or conflicts as if it had never been closed.
    version: Mapped[str] = mapped_column(sa.String(80), default="")
    shown: Mapped[str] = mapped_column(LongText, default="")
    saved_at: Mapped[datetime] = mapped_column(index=True)

    def __str__(self) -> str:
        return self.title
