"""Index search tokens by a table of their own on MySQL and MariaDB, in place of FULLTEXT.

Empty tables are indexed at once. `flask search reindex` indexes the others, takes their FULLTEXT index away and holds
nobody up; until then searches read the plain text.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backoffice.database import search_index

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("article", "user", "staff")


def upgrade() -> None:
    if op.get_context().dialect.name in ("mysql", "mariadb"):
        op.execute(sa.delete(sa.table("search_index")))


def downgrade() -> None:
    if op.get_context().dialect.name in ("mysql", "mariadb"):
        for table in TABLES:
            search_index.drop(op, table)
