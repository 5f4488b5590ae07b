"""A list as somebody keeps it: which rows, in which order, with which columns, under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Model, Timestamped, Versioned

if TYPE_CHECKING:
    from backoffice.models.staff import Role


class SavedView(Timestamped, Versioned, Model):
    """One tab of a list. Its owner's alone, or shared with everybody of a role.

    `arguments` are those of the list's address: search, where, sort, columns, page_size. It grants nothing: whoever
    opens it sees the rows and columns that they may see anyway.
    """

    __tablename__ = "saved_view"
    __table_args__ = (sa.UniqueConstraint("owner_id", "endpoint", "name"), Model.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(60))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id", ondelete="CASCADE"))
    # Without its role it is its owner's alone again.
    role_id: Mapped[int | None] = mapped_column(sa.ForeignKey("role.id", ondelete="SET NULL"), index=True)
    # Opens when the list is opened without arguments: for the owner, or for the role it is shared with.
    is_default: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    arguments: Mapped[dict[str, str]] = mapped_column(sa.JSON)

    role: Mapped[Role | None] = relationship()

    def __str__(self) -> str:
        return self.name
