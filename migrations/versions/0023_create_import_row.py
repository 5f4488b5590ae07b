"""Create what the dry run of an import found of each row of its file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLE = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_unicode_520_ci"))
}


def upgrade() -> None:
    op.create_table(
        "import_row",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("record_key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("told_by", sa.String(64), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("beyond", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "position", name="pk_import_row"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_import_row_job_id_job", ondelete="CASCADE"),
        **TABLE,
    )
    op.create_index("ix_import_row_job_id_verdict", "import_row", ["job_id", "verdict", "position"])
    op.create_index("ix_import_row_job_id_told_by", "import_row", ["job_id", "told_by"])


def downgrade() -> None:
    op.drop_table("import_row")
