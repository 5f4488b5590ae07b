"""Create the ledger of jobs: what is done to many records, its keys, its transactions and what was left undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0021"
down_revision = "0020"
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
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("endpoint", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(255), nullable=False),
        sa.Column("locale", sa.String(20), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("keys_of", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("worker", sa.String(120), nullable=False),
        sa.Column("turn_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("worked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        **TABLE,
    )
    op.create_index("ix_job_state_turn_at", "job", ["state", "turn_at"])
    op.create_index("ix_job_staff_id_id", "job", ["staff_id", "id"])
    op.create_index("ix_job_parent_id", "job", ["parent_id"])
    op.create_index("ix_job_finished_at", "job", ["finished_at"])
    _create_part("job_keys", "number", sa.Column("keys", sa.JSON(), nullable=False))
    _create_part(
        "job_chunk",
        "start",
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.String(32), nullable=False),
    )
    _create_part(
        "job_outcome",
        "position",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
    )
    gate = sa.Column("id", sa.Integer(), autoincrement=False, nullable=False)
    op.create_table("job_gate", gate, sa.PrimaryKeyConstraint("id", name="pk_job_gate"), **TABLE)


COUNTS = ("length", "position", "changed", "unchanged", "skipped", "failed")


def _create_part(table: str, place: str, *columns: sa.Column[object]) -> None:
    """A table whose rows belong to a job, each with its place in it."""
    op.create_table(
        table,
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column(place, sa.Integer(), autoincrement=False, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("job_id", place, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=f"fk_{table}_job_id_job", ondelete="CASCADE"),
        **TABLE,
    )


def downgrade() -> None:
    for table in ("job_gate", "job_outcome", "job_chunk", "job_keys", "job"):
        op.drop_table(table)
