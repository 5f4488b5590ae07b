"""What was answered to a form that was sent: sent again, it is answered the same and changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model, UTCDateTime, utcnow


class FormReceipt(Model):
    """One form that was carried out. Inserted in the transaction of its change, before it: a second one waits here."""

    __tablename__ = "form_receipt"
    __audited__ = False

    # A hash of the person, the form's one-time id and all that was sent in it.
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow, index=True)
    answer: Mapped[Any] = mapped_column(sa.JSON, default=dict)
