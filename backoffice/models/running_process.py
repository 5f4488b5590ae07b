"""The processes that are at work, each with the schema it was written for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model


class RunningProcess(Model):
    """One that serves or works; it says so every now and then, and is forgotten a day after it stopped."""

    __tablename__ = "running_process"
    __audited__: ClassVar[bool] = False

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    machine: Mapped[str] = mapped_column(sa.String(255))
    # The newest revision among its files.
    head: Mapped[str] = mapped_column(sa.String(32))
    seen_at: Mapped[datetime] = mapped_column(index=True)
