"""What operators tell staff for a while, and what they hold back meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model, utcnow


class Notice(Model):
    """One of each kind at most: a `notice` over every page, all writing (`read-only`), or all `jobs` held back."""

    __tablename__ = "notice"
    # An operator's word, gone when it is no longer true.
    __audited__: ClassVar[bool] = False

    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    message: Mapped[str] = mapped_column(sa.String(500), default="")
    level: Mapped[str] = mapped_column(sa.String(10), default="info")
    until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
