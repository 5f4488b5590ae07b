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
role = sa.table("role", *(sa.column(name, sa.String()) for name in ("name", "description", "permissions")))


def upgrade() -> None:
    op.bulk_insert(role, [{"name": n, "description": d, "permissions": p} for n, d, p in ROLES])


def downgrade() -> None:
    op.execute(role.delete().where(role.c.name.in_([name for name, _, _ in ROLES])))
