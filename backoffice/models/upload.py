"""Files that staff put beside their texts: pictures and what readers may take away."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model, utcnow


class Upload(Model):
    """One file in the uploads folder, under a name made of its content, so that the same file is kept once.

    Texts call it `/uploads/<name>`. `file_name` is what the person who brought it first called it.
    """

    __tablename__ = "upload"
    __label__ = "file_name"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    file_name: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    # The file outlives the account: texts go on showing it.
    staff_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id", ondelete="SET NULL"), index=True)

    @property
    def is_image(self) -> bool:
        """Whether pages may show it where it stands."""
        return self.media_type.startswith("image/")

    def __str__(self) -> str:
        return self.file_name
