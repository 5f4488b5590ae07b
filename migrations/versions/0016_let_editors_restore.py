"""Let those who may delete records of some kind find them among the recently deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


role = sa.table("role", sa.column("permissions", sa.String()))
FOUND = "deleted:read"


def upgrade() -> None:
    held = role.c.permissions
    may_delete = [held.contains(f":{action},") | held.endswith(f":{action}") for action in ("*", "delete")]
    has_it = [held.contains(permission) for permission in ("*:*", "*:read", FOUND)]
    op.execute(
        role.update().where(sa.or_(*may_delete), sa.not_(sa.or_(*has_it))).values(permissions=held + f",{FOUND}")
    )


def downgrade() -> None:
    held = role.c.permissions
    op.execute(
        role.update().where(held.contains(f",{FOUND}")).values(permissions=sa.func.replace(held, f",{FOUND}", ""))
    )
