"""Who signs in here, and what each role may do. Separate from the platform's users."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_security import AsaList, RoleMixin, UserMixin
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Model, Timestamped, Versioned
from backoffice.models.searchable import Searchable

staff_roles = sa.Table(
    "staff_roles",
    Model.metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role_id", sa.ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True),
    **Model.__table_args__,
)


class Role(RoleMixin, Model):
    """A name and its permissions as data: a list of `model:action`, with `*` for all of either."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    description: Mapped[str | None] = mapped_column(sa.String(255))
    permissions: Mapped[list[str]] = mapped_column(MutableList.as_mutable(AsaList()))

    def __str__(self) -> str:
        return self.name


class Staff(UserMixin, Timestamped, Versioned, Searchable, Model):
    """A member of staff who signs in with an email address and a password."""

    __tablename__ = "staff"
    __search__ = ("email",)
    # Signing in changes no account; what a session is known by is a secret.
    __unaudited__ = ("last_sign_in_at", "fs_uniquifier")

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    password: Mapped[str] = mapped_column(sa.String(255))
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    last_sign_in_at: Mapped[datetime | None]

    roles: Mapped[list[Role]] = relationship(  # type: ignore[assignment]  # narrower than Flask-Security's RoleMixin
        secondary=staff_roles, lazy="selectin", order_by=Role.name
    )

    def __str__(self) -> str:
        return self.email


class SignInThrottle(Model):
    """Wrong sign-ins for one account or one address, kept in the database so that every process counts together."""

    __tablename__ = "sign_in_throttle"
    __audited__ = False

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failure_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
