"""Create the table of presence: which pages of records are open, and with whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
TABLE = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_unicode_520_ci"))
}


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("slot", sa.String(64), nullable=False),
        sa.Column("editing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "page", name="pk_presence"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_presence_staff_id_staff", ondelete="CASCADE"),
        **TABLE,
    )
    op.create_index("ix_presence_slot_seen_at", "presence", ["slot", "seen_at"])
    op.create_index("ix_presence_seen_at", "presence", ["seen_at"])


def downgrade() -> None:
    op.drop_table("presence")
