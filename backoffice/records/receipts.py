"""Receipts of forms: kept as long as somebody may send the same form again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import FormReceipt

# Longer than a session may last, and than a page stays open.
KEPT = timedelta(days=7)


def prune(session: Session, before: datetime) -> int:
    """Forget the receipts of forms sent before a moment."""
    table: Any = FormReceipt.__table__
    gone = session.execute(sa.delete(table).where(table.c.created_at < before))
    session.commit()
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a cursor result has it
