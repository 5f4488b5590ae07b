"""Publishing and withdrawing articles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.errors import BadInput, Conflict
from backoffice.models import Article, utcnow
from backoffice.records.bulk.values import SetValues
from backoffice.records.transactions import committing


def publishing(at: datetime) -> SetValues:
    """Publishing from a moment on what readers cannot see yet; what they see already keeps its own."""
    not_yet = sa.or_(Article.published_at.is_(None), Article.published_at > at)
    return SetValues(Article, {"published_at": at.replace(microsecond=0)}, only=not_yet)


def withdrawing() -> SetValues:
    """Taking what is published, or is to be, from readers."""
    return SetValues(Article, {"published_at": None})


def schedule(session: Session, articles: Sequence[Article], moment: datetime) -> tuple[int, int]:
    """Publish from a moment to come on, all in one transaction; how many changed and how many were so already.

    What readers can see already is refused: it would vanish until then, which only withdrawing it may do.
    """
    if moment <= utcnow():
        raise BadInput(_("That moment has passed. Give a later one, or publish now."))
    if any(a.published for a in articles):
        raise Conflict(_("This has been published already. Withdraw it first to publish it later."))
    return _set(session, [a for a in articles if a.published_at != moment], moment, len(articles))


def _set(session: Session, articles: Sequence[Article], moment: datetime | None, total: int) -> tuple[int, int]:
    with committing(session):
        for article in articles:
            article.published_at = moment
    return len(articles), total - len(articles)
