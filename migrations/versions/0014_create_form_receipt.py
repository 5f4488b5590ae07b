"""Create the receipts by which a form that is sent twice makes one change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0014"
down_revision = "0013"
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
        "form_receipt",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_form_receipt"),
        **TABLE,
    )
    op.create_index("ix_form_receipt_created_at", "form_receipt", ["created_at"])


def downgrade() -> None:
    op.drop_table("form_receipt")
