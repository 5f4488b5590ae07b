"""The two tables as a newcomer would map them: what the peers' admin pages are declared over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests.bench.candidates import THREADS

ARTICLE_LIST = ("id", "title", "user", "published", "published_at", "created_at")
USER_LIST = ("id", "username", "email", "name", "address", "created_at")
EXPORT = ("id", "title", "content", "user", "published_at", "created_at", "updated_at")


class Base(DeclarativeBase):
    """Of these two alone."""


# Which user keeps which article, as a table between the two.
Collection = sa.Table(
    "info_user_collection",
    Base.metadata,
    sa.Column("user_id", sa.ForeignKey("user.id"), primary_key=True),
    sa.Column("article_id", sa.ForeignKey("article.id"), primary_key=True),
)


class User(Base):
    """Who writes."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(80))
    email: Mapped[str] = mapped_column(sa.String(120))
    name: Mapped[str | None] = mapped_column(sa.String(70))
    address: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    articles: Mapped[list[Article]] = relationship(back_populates="user")
    collection_articles: Mapped[list[Article]] = relationship(secondary=Collection)

    def __str__(self) -> str:
        return self.username


class Article(Base):
    """What is written."""

    __tablename__ = "article"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[str] = mapped_column(sa.Text)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    user: Mapped[User | None] = relationship(back_populates="articles")

    @property
    def published(self) -> bool:
        """Whether readers can see it."""
        return self.published_at is not None and self.published_at <= datetime.now()  # noqa: DTZ005 - a peer's code

    def __str__(self) -> str:
        return self.title


def engine(url: str) -> sa.Engine:
    """The same driver and pool for each."""
    room = {} if url.startswith("sqlite") else {"pool_size": THREADS}
    return sa.create_engine(url, **room)
