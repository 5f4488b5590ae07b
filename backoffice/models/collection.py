"""Which user keeps which article: the link between them as a record of its own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Model, Timestamped, UTCDateTime, Versioned, utcnow

if TYPE_CHECKING:
    from backoffice.models.article import Article
    from backoffice.models.user import User


class Collection(Timestamped, Versioned, Model):
    """One article in one user's collection, since `collected_at`."""

    __tablename__ = "info_user_collection"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(
        sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    collected_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow)

    # The many-to-many lists on User and Article write the same table; both ways are used and both are meant.
    user: Mapped[User] = relationship(overlaps="collection_articles,users")
    article: Mapped[Article] = relationship(overlaps="collection_articles,users")

    def __str__(self) -> str:
        return f"{self.user} · {self.article}"


sa.Index("ix_info_user_collection_collected_at", Collection.__table__.c.collected_at)
