"""Rules about constraints: what is looked at while others wait, what has no name, what has no index."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.sql.elements import conv

from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, table_of
from backoffice.operations.lint.rule import MYSQL, POSTGRESQL, rule
from backoffice.operations.lint.rules.indexes import kept_indexes, made_indexes

CHECKED_LATER = "Add it with postgresql_not_valid=True, and validate it in a revision of its own."


@rule(
    POSTGRESQL,
    right=CHECKED_LATER,
    bad='op.create_foreign_key("fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"])',
    good="""
    op.create_foreign_key(
        "fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"], postgresql_not_valid=True
    )
    """,
)
def foreign_key_blocks_writes(review: Review) -> Iterator[Recorded]:
    """Every row is looked up while nobody writes to either table."""
    for step, op in review.of_used(ops.CreateForeignKeyOp):
        if not op.kw.get("postgresql_not_valid"):
            yield step
    for step, added in review.of_used(ops.AddColumnOp):
        if added.column.foreign_keys:
            yield step


@rule(
    MYSQL,
    right="Switch foreign_key_checks off around it, once a data revision has removed what leads nowhere.",
    bad="""
    op.create_foreign_key(
        "fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"], postgresql_not_valid=True
    )
    """,
    good="""
    # So that the table is not copied. The revision before has removed what leads nowhere.
    op.execute("SET SESSION foreign_key_checks = 0")
    op.create_foreign_key("fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"])
    # Revisions that follow use the same connection.
    op.execute("SET SESSION foreign_key_checks = 1")
    """,
)
def foreign_key_copies_table(review: Review) -> Iterator[Recorded]:
    """The whole table is copied while nobody can write, unless foreign_key_checks is 0."""
    off = False
    for step in review.steps:
        words = "".join(step.statements).upper().replace(" ", "")
        if "FOREIGN_KEY_CHECKS=" in words:
            off = words.endswith("=0")
        has_key = isinstance(step.op, ops.AddColumnOp) and step.op.column.foreign_keys
        makes_key = isinstance(step.op, ops.CreateForeignKeyOp) or has_key
        if makes_key and not off and table_of(step) not in review.created:
            yield step


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
    op.create_foreign_key(
        "fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"], postgresql_not_valid=True
    )
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


@rule(
    ("postgresql", "sqlite"),
    right="Make an index that begins with its columns.",
    bad="""
    op.create_table(
        "brochure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_brochure"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_brochure_user_id_user"),
    )
    """,
    good="""
    op.create_table(
        "brochure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_brochure"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_brochure_user_id_user"),
    )
    op.create_index("ix_brochure_user_id", "brochure", ["user_id"])
    """,
)
def foreign_key_without_index(review: Review) -> Iterator[Recorded]:
    """Deleting a row of the other table reads all rows of this one; MySQL and MariaDB make the index themselves."""
    for step in review.steps:
        known = [*made_indexes(review.steps), *kept_indexes(table_of(step), None), *keys_of(step)]
        for columns in foreign_keys_of(step):
            if all(index[: len(columns)] != columns for index in known):
                yield step


def foreign_keys_of(step: Recorded) -> list[list[str]]:
    """The columns of each foreign key that a step makes."""
    if isinstance(step.op, ops.CreateForeignKeyOp):
        return [list(step.op.local_cols)]
    if isinstance(step.op, ops.AddColumnOp):
        return [[str(step.op.column.name)]] if step.op.column.foreign_keys else []
    parts = step.op.columns if isinstance(step.op, ops.CreateTableOp) else ()
    inline = [[str(part.name)] for part in parts if isinstance(part, sa.Column) and part.foreign_keys]
    return [*(list(part.column_keys) for part in parts if isinstance(part, sa.ForeignKeyConstraint)), *inline]


def keys_of(step: Recorded) -> list[list[str]]:
    """The columns of the keys that a new table has."""
    if not isinstance(step.op, ops.CreateTableOp):
        return []
    table = step.op.to_table()
    keys = [c for c in table.constraints if isinstance(c, (sa.PrimaryKeyConstraint, sa.UniqueConstraint))]
    return [[column.name for column in key.columns] for key in keys]
