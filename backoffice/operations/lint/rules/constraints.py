"""Rules about constraints: what is looked at while others wait, and names."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.sql.elements import conv

from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, table_of
from backoffice.operations.lint.rule import MYSQL, POSTGRESQL, rule

CHECKED_LATER = "Add it with postgresql_not_valid=True, and validate it in a revision of its own."


@rule(
    POSTGRESQL,
    right=CHECKED_LATER,
    bad="""
    phase = "contract"
    op.create_check_constraint(op.f("ck_job_length"), "job", "length >= 0")
    """,
    good="""
    phase = "contract"
    op.create_check_constraint(op.f("ck_job_length"), "job", "length >= 0", postgresql_not_valid=True)
    """,
)
def check_reads_all_rows(review: Review) -> Iterator[Recorded]:
    """Every row is looked at behind a lock that lets nobody read."""
    for step, op in review.of_used(ops.CreateCheckConstraintOp):
        if not op.kw.get("postgresql_not_valid"):
            yield step


@rule(
    MYSQL,
    right="Check in the application, or when the table is made.",
    bad="""
    phase = "contract"
    op.create_check_constraint(op.f("ck_job_length"), "job", "length >= 0", postgresql_not_valid=True)
    """,
    good="""
    op.create_table(
        "brochure",
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("length", name="pk_brochure"),
        sa.CheckConstraint("length >= 0", name=op.f("ck_brochure_length")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_520_ci",
    )
    """,
)
def check_copies_table(review: Review) -> Iterator[Recorded]:
    """The whole table is copied while nobody can write."""
    for step, _ in review.of_used(ops.CreateCheckConstraintOp):
        yield step


@rule(
    POSTGRESQL,
    right="Validate in the next revision: the lock is let go between them.",
    bad="""
    op.create_foreign_key("fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"], postgresql_not_valid=True)
    # Alembic has no operation for this.
    op.execute("ALTER TABLE job VALIDATE CONSTRAINT fk_job_parent_id_job")
    """,
    good="""
    # Alembic has no operation for this.
    op.execute("ALTER TABLE job VALIDATE CONSTRAINT fk_job_parent_id_job")
    """,
)
def validates_behind_lock(review: Review) -> Iterator[Recorded]:
    """ADD CONSTRAINT keeps its lock to the end of the revision, so all wait while VALIDATE reads every row."""
    locked = False
    for step in review.steps:
        if locked and "VALIDATE CONSTRAINT" in "".join(step.statements).upper():
            yield step
        locked = locked or (isinstance(step.op, ops.AddConstraintOp) and table_of(step) not in review.created)


@rule(
    POSTGRESQL,
    right="Make a unique index CONCURRENTLY. As a constraint, the next revision may take it over: ADD CONSTRAINT … "
    "UNIQUE USING INDEX.",
    bad="""
    from backoffice.operations.duplicates import refuse_duplicates

    phase = "contract"
    refuse_duplicates(op, "user", ["name"])
    op.create_unique_constraint("uq_user_name", "user", ["name"])
    """,
    good="""
    from backoffice.operations.duplicates import refuse_duplicates

    phase = "contract"
    refuse_duplicates(op, "user", ["name"])
    with op.get_context().autocommit_block():
        op.create_index("uq_user_name", "user", ["name"], unique=True, postgresql_concurrently=True)
    """,
)
def unique_constraint_blocks(review: Review) -> Iterator[Recorded]:
    """Its index is made behind a lock that lets nobody read."""
    for step, _ in review.of_used(ops.CreateUniqueConstraintOp):
        yield step
    for step, op in review.of_used(ops.AddColumnOp):
        if op.column.unique:
            yield step


@rule(
    right="Name it as the models would: pk_user, uq_user_email, fk_article_user_id_user, ck_job_length.",
    bad="""
    op.create_table(
        "brochure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_520_ci",
    )
    """,
    good="""
    op.create_table(
        "brochure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_brochure"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_520_ci",
    )
    """,
)
def unnamed_constraint(review: Review) -> Iterator[Recorded]:
    """A later revision has no name to drop it by, and each database makes up another."""
    for step in review.steps:
        parts = list(step.op.columns) if isinstance(step.op, ops.CreateTableOp) else []
        if isinstance(step.op, ops.AddColumnOp):
            parts.append(step.op.column)
        has_key = any(isinstance(part, sa.PrimaryKeyConstraint) for part in parts)
        nameless = any(is_nameless(part, has_key=has_key) for part in parts)
        if nameless or (isinstance(step.op, ops.AddConstraintOp) and getattr(step.op, "constraint_name", "") is None):
            yield step


def is_nameless(part: object, *, has_key: bool) -> bool:
    """Whether a part of a table is a constraint without a name, or a column that brings one."""
    if isinstance(part, sa.Column):
        links = any(key.constraint is None or key.constraint.name is None for key in part.foreign_keys)
        return bool(part.unique) or links or (part.primary_key and not has_key)
    return isinstance(part, sa.Constraint) and part.name is None


@rule(
    right='Write op.f("ck_job_length"), which says that the name is whole, or "length" alone.',
    bad="""
    op.create_table(
        "brochure",
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("length", name="pk_brochure"),
        sa.CheckConstraint("length >= 0", name="ck_brochure_length"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_520_ci",
    )
    """,
    good="""
    op.create_table(
        "brochure",
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("length", name="pk_brochure"),
        sa.CheckConstraint("length >= 0", name=op.f("ck_brochure_length")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_520_ci",
    )
    """,
)
def check_name_doubled(review: Review) -> Iterator[Recorded]:
    """The models' convention is put before the name of a check: this one becomes ck_job_ck_job_length."""
    for step in review.both_ways:
        parts = step.op.columns if isinstance(step.op, ops.CreateTableOp) else ()
        names = [part.name for part in parts if isinstance(part, sa.CheckConstraint)]
        dropped = isinstance(step.op, ops.DropConstraintOp) and step.op.constraint_type == "check"
        if dropped or isinstance(step.op, ops.CreateCheckConstraintOp):
            names.append(getattr(step.op, "constraint_name", None))
        if any(isinstance(n, str) and not isinstance(n, conv) and n.startswith("ck_") for n in names):
            yield step
