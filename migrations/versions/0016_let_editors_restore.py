"""Let those who may delete records of some kind find them among the recently deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


role = sa.table("role", sa.column("permissions", sa.String()))
held = role.c.permissions
FOUND = "deleted:read"
MAY_DELETE = sa.or_(*(held.contains(f":{action},") | held.endswith(f":{action}") for action in ("*", "delete")))
READS_ALL = sa.or_(held.contains("*:*"), held.contains("*:read"))


def upgrade() -> None:
    has_it = sa.or_(READS_ALL, held.contains(FOUND))
    op.execute(role.update().where(MAY_DELETE, sa.not_(has_it)).values(permissions=held + f",{FOUND}"))


def downgrade() -> None:
    # From the roles that the way up gives it to; others hold it because somebody wanted that.
    given = held.endswith(f",{FOUND}")
    op.execute(
        role.update()
        .where(MAY_DELETE, sa.not_(READS_ALL), given)
        .values(permissions=sa.func.replace(held, f",{FOUND}", ""))
    )
