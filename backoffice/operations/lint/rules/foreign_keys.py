"""Rules about foreign keys: looked up while others wait, never made, without an index."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from backoffice.operations.lint.effects import has_nothing_to_look_up
from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, table_of
from backoffice.operations.lint.rule import MYSQL, POSTGRESQL, rule
from backoffice.operations.lint.rules.constraints import CHECKED_LATER
from backoffice.operations.lint.rules.indexes import kept_indexes, made_indexes


@rule(
    POSTGRESQL,
    right=f"{CHECKED_LATER} With a new column it may come at once, by inline_references=True.",
    bad='op.create_foreign_key("fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"])',
    good="""
    op.create_foreign_key("fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"], postgresql_not_valid=True)
    """,
)
def foreign_key_blocks_writes(review: Review) -> Iterator[Recorded]:
    """Every row is looked up while nobody writes to either table."""
    for step, op in review.of_used(ops.CreateForeignKeyOp):
        if not op.kw.get("postgresql_not_valid"):
            yield step
    for step, added in review.of_used(ops.AddColumnOp):
        if added.column.foreign_keys and not has_nothing_to_look_up(added, review.dialect):
            yield step


@rule(
    MYSQL,
    right="Switch foreign_key_checks off around it, once a data revision has removed what leads nowhere.",
    bad="""
    op.create_foreign_key("fk_job_parent_id_job", "job", "job", ["parent_id"], ["id"], postgresql_not_valid=True)
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
        # MySQL makes none of a key inside the column: see inline_key_ignored.
        is_ignored = review.dialect == "mysql" and getattr(step.op, "inline_references", None)
        has_key = isinstance(step.op, ops.AddColumnOp) and step.op.column.foreign_keys and not is_ignored
        makes_key = isinstance(step.op, ops.CreateForeignKeyOp) or has_key
        if makes_key and not off and table_of(step) not in review.created:
            yield step


@rule(
    ("mysql",),
    right="Leave inline_references out there, and make the key in a revision of its own.",
    bad="""
    key = sa.ForeignKey("user.id", name="fk_article_editor_id_user")
    op.add_column("article", sa.Column("editor_id", sa.Integer(), key, nullable=True), inline_references=True)
    """,
    good="""
    op.add_column("article", sa.Column("editor_id", sa.Integer(), nullable=True))
    """,
)
def inline_key_ignored(review: Review) -> Iterator[Recorded]:
    """MySQL 8 reads REFERENCES inside a column and makes no foreign key of it, without a word."""
    for step, op in review.of(ops.AddColumnOp):
        if op.column.foreign_keys and op.inline_references:
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
