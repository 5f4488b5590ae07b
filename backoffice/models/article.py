"""What users write."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Model, Timestamped, UTCDateTime, Versioned, utcnow
from backoffice.models.searchable import Searchable

if TYPE_CHECKING:
    from backoffice.models.user import User

# MySQL's TEXT ends at 64 KiB, a third of that in Chinese characters.
LongText = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


class Article(Timestamped, Versioned, Searchable, Model):
    """A title and a Markdown body by one user, kept by many; published from `published_at` on."""

    __tablename__ = "article"
    __label__ = "title"
    __search__ = ("title",)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200), index=True)
    content: Mapped[str] = mapped_column(LongText, default="")
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"), index=True)
    published_at: Mapped[datetime | None] = mapped_column(index=True)

    user: Mapped[User | None] = relationship(back_populates="articles")
    users: Mapped[list[User]] = relationship(
        secondary="info_user_collection", back_populates="collection_articles", passive_deletes=True
    )

    @hybrid_property
    def published(self) -> bool:
        """Whether readers can see it: its moment has come."""
        return self.published_at is not None and self.published_at <= utcnow()

    @published.inplace.expression
    @classmethod
    def _published_expression(cls) -> sa.ColumnElement[bool]:
        # Asked for at each execution: a statement may be built once and run for days.
        now = sa.bindparam("now", callable_=utcnow, type_=UTCDateTime(), unique=True)
        return sa.and_(cls.published_at.is_not(None), cls.published_at <= now)

    def __str__(self) -> str:
        return self.title


sa.Index("ix_article_created_at", Article.__table__.c.created_at)
