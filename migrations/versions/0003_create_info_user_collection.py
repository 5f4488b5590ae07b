"""Create the table of collections: which user keeps which article."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
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
        "info_user_collection",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("collected_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("user_id", "article_id", name="pk_info_user_collection"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_info_user_collection_user_id_user", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_info_user_collection_article_id_article", ondelete="CASCADE"
        ),
        **TABLE,
    )
    for column in ("article_id", "collected_at"):
        op.create_index(f"ix_info_user_collection_{column}", "info_user_collection", [column])


def downgrade() -> None:
    op.drop_table("info_user_collection")
