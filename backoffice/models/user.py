"""The platform's readers and writers. They do not sign in here: `staff` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Model, Timestamped, Versioned
from backoffice.models.searchable import Searchable

if TYPE_CHECKING:
    from backoffice.models.article import Article

_hasher = PasswordHasher()


class User(Timestamped, Versioned, Searchable, Model):
    """A person on the platform: writes `articles` and keeps others' in `collection_articles`."""

    __tablename__ = "user"
    __label__ = "username"
    __search__ = ("username", "email", "name")

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(80), unique=True)
    email: Mapped[str] = mapped_column(sa.String(120), unique=True)
    name: Mapped[str | None] = mapped_column(sa.String(70))
    password_hash: Mapped[str | None] = mapped_column("password", sa.String(255))
    address: Mapped[str | None] = mapped_column(sa.String(200))

    # Never loaded by walking into them: a heavy author has ten thousand. Pages read them through paged statements.
    articles: Mapped[list[Article]] = relationship(
        back_populates="user",
        passive_deletes=True,
        order_by="Article.id.desc()",
        # What may become of them when their author is deleted, offered in this order.
        info={"when_deleted": ("hand over", "unlink", "delete")},
    )
    collection_articles: Mapped[list[Article]] = relationship(
        secondary="info_user_collection", back_populates="users", passive_deletes=True
    )

    @property
    def password(self) -> None:
        """Write-only: a password goes in, only its argon2id hash is kept, and nothing comes out."""
        return

    @password.setter
    def password(self, plain: str) -> None:
        self.password_hash = _hasher.hash(plain)

    def __str__(self) -> str:
        return self.username
