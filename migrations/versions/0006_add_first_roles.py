"""Fill in the roles to begin with. Permissions are data: a later change is an UPDATE, not a release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


ROLES = (
    ("admin", "Everything", "*:*"),
    ("editor", "Content: reads users, edits articles and collections", "user:read,article:*,collection:*"),
    (
        "viewer",
        "Reads, and exports what it reads",
        "user:read,user:export,article:read,article:export,collection:read,collection:export",
    ),
)
role = sa.table("role", *map(sa.column, ("id", "name", "description", "permissions")))
staff_roles = sa.table("staff_roles", sa.column("role_id"))


def upgrade() -> None:
    for name, description, permissions in ROLES:
        # One that is there was left by the way down, or made by hand: people hold it.
        missing = sa.not_(sa.exists().where(role.c.name == name))
        values = sa.select(*map(sa.literal, (name, description, permissions))).where(missing)
        op.execute(sa.insert(role).from_select(["name", "description", "permissions"], values))


def downgrade() -> None:
    # With a role that somebody holds or has changed would go what people have done.
    untouched = (sa.and_(role.c.name == n, role.c.description == d, role.c.permissions == p) for n, d, p in ROLES)
    held = sa.exists().where(staff_roles.c.role_id == role.c.id)
    op.execute(role.delete().where(sa.or_(*untouched), sa.not_(held)))
