"""Publishing and withdrawing articles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from backoffice.models import Article, utcnow
from backoffice.records.saving import StaleRecord


def publish(session: Session, articles: Sequence[Article]) -> tuple[int, int]:
    """Publish now what is not yet published, all in one transaction; how many changed and how many were so already."""
    return _set(session, [a for a in articles if not a.published], utcnow(), len(articles))


def withdraw(session: Session, articles: Sequence[Article]) -> tuple[int, int]:
    """Take what is published from readers, all in one transaction; how many changed and how many were so already."""
    return _set(session, [a for a in articles if a.published], None, len(articles))


def _set(session: Session, articles: Sequence[Article], moment: datetime | None, total: int) -> tuple[int, int]:
    for article in articles:
        article.published_at = moment
    try:
        session.commit()
    except StaleDataError:
        session.rollback()
        raise StaleRecord from None
    return len(articles), total - len(articles)
