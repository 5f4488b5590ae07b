"""Index search tokens by a table of their own on MySQL and MariaDB, in place of FULLTEXT.

Empty tables are indexed at once. `flask search reindex` indexes the others, takes their FULLTEXT index away and holds
nobody up; until then searches read the plain text.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backoffice.database import token_tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Released before there was a lint.
lint_ignore = {"changes-all-rows": "The table has one row for each searchable table, of which there are three."}

INDEX = sa.table("search_index", sa.column("table_name"), sa.column("position"), sa.column("finished_at"))


def upgrade() -> None:
    if op.get_context().dialect.name in ("mysql", "mariadb"):
        op.execute(sa.delete(INDEX))


def downgrade() -> None:
    if op.get_context().dialect.name in ("mysql", "mariadb") and not op.get_context().as_sql:
        for table in op.get_bind().scalars(sa.select(INDEX.c.table_name)).all():
            for statement in token_tables.dropping(table):
                op.execute(statement)
        # To be made by the version before, as it made them.
        op.execute(sa.update(INDEX).values(position=None, finished_at=None))
