"""Begin the chain: the one row that holds where it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


chain = sa.table(
    "audit_chain",
    sa.column("id", sa.Integer()),
    *(sa.column(name, sa.BigInteger()) for name in ("position", "removed_position")),
    *(sa.column(name, sa.String()) for name in ("hash", "removed_hash")),
)


FIRST = {"id": 1, "position": 0, "hash": "", "removed_position": 0, "removed_hash": ""}


def upgrade() -> None:
    # One that is there was left by the way down: the entries go on behind it.
    missing = sa.not_(sa.exists().where(chain.c.id == FIRST["id"]))
    op.execute(sa.insert(chain).from_select(list(FIRST), sa.select(*map(sa.literal, FIRST.values())).where(missing)))


def downgrade() -> None:
    # Where there are entries, only this row says where they end.
    op.execute(chain.delete().where(*(chain.c[name] == value for name, value in FIRST.items())))
