"""Add search tokens to articles, users and staff.

The column alone, so that no table is held: tokens and index are made by `flask search reindex` where there are rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from backoffice.database import search_index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Released before there was a lint.
lint_ignore = {
    "several-schema-steps": "Each is a nullable column, added in an instant: little can stop between them.",
}

TABLES = ("article", "user", "staff")
TOKENS = sa.Text().with_variant(mysql.MEDIUMTEXT(charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("search_tokens", TOKENS, nullable=True))


def downgrade() -> None:
    for table in TABLES:
        search_index.drop(op, table)
        op.drop_column(table, "search_tokens")
