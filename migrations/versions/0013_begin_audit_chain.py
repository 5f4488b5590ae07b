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


def upgrade() -> None:
    op.bulk_insert(chain, [{"id": 1, "position": 0, "hash": "", "removed_position": 0, "removed_hash": ""}])


def downgrade() -> None:
    op.execute(chain.delete())
