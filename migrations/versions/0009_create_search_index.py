"""Create the table that says how far the search index of each table is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
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
        "search_index",
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("recipe", sa.String(255), nullable=False),
        sa.Column("position", sa.String(1000), nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("table_name", name="pk_search_index"),
        **TABLE,
    )


def downgrade() -> None:
    op.drop_table("search_index")
