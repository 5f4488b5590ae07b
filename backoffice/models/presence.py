"""Who has which record open."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model


class Presence(Model):
    """One open page of one person. It is worth a minute; nobody is kept from anything by it.

    `slot` is a hash of view and record, as a draft's.
    """

    __tablename__ = "presence"
    __table_args__ = (sa.Index("ix_presence_slot_seen_at", "slot", "seen_at"), Model.__table_args__)
    # The product's own bookkeeping: looking at a record is no change.
    __audited__: ClassVar[bool] = False

    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    # Made by the browser for each page it shows.
    page: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    slot: Mapped[str] = mapped_column(sa.String(64))
    editing: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    seen_at: Mapped[datetime] = mapped_column(index=True)
