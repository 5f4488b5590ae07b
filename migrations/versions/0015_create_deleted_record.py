"""Create the tables that keep what was deleted, so that it can come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0014"
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
        "deleted_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(255), nullable=False),
        sa.Column("change_id", sa.String(32), nullable=False),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("record_key", sa.String(255), nullable=False),
        sa.Column("record_label", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deleted_record"),
        **TABLE,
    )
    op.create_index("ix_deleted_record_deleted_at", "deleted_record", ["deleted_at"])
    op.create_index("ix_deleted_record_staff_id", "deleted_record", ["staff_id"])
    op.create_index("ix_deleted_record_change_id", "deleted_record", ["change_id"])
    op.create_index("ix_deleted_record_record", "deleted_record", ["table_name", "record_key"])
    op.create_table(
        "deleted_part",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "number", name="pk_deleted_part"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["deleted_record.id"], name="fk_deleted_part_record_id_deleted_record", ondelete="CASCADE"
        ),
        **TABLE,
    )


def downgrade() -> None:
    op.drop_table("deleted_part")
    op.drop_table("deleted_record")
