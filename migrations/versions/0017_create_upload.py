"""Create the table of uploaded files, whose contents stand in the uploads folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0017"
down_revision = "0016"
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
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("name", name="uq_upload_name"),
        sa.UniqueConstraint("sha256", name="uq_upload_sha256"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_upload_staff_id_staff", ondelete="SET NULL"),
        **TABLE,
    )
    op.create_index("ix_upload_staff_id", "upload", ["staff_id"])


def downgrade() -> None:
    # The files stay in their folder: whoever upgrades again can still find them there.
    op.drop_table("upload")
