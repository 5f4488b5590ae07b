"""Rules about what SQLite cannot do, and about operations that some database has no words for."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review
from backoffice.operations.lint.rule import RULES, SQLITE, rule

CANNOT = (ops.AlterColumnOp, ops.AddConstraintOp, ops.DropConstraintOp)


@rule(
    SQLITE,
    right="Do without the change on SQLite, where types and lengths bind nobody, or put it into op.batch_alter_table.",
    bad='op.alter_column("user", "name", type_=sa.String(120), existing_type=sa.String(70), existing_nullable=True)',
    good="""
    if op.get_context().dialect.name != "sqlite":
        op.alter_column("user", "name", type_=sa.String(120), existing_type=sa.String(70), existing_nullable=True)
    """,
)
def sqlite_cannot_alter(review: Review) -> Iterator[Recorded]:
    """SQLite can neither alter a column nor add or drop a constraint in place."""
    for step in review.both_ways:
        only_renames = isinstance(step.op, ops.AlterColumnOp) and step.op.modify_name and len(step.statements) == 1
        if isinstance(step.op, CANNOT) and not step.rebuilds and not only_renames:
            yield step


@rule(
    SQLITE,
    right="Switch foreign keys off before and on after, outside the transaction, where the PRAGMA counts.",
    bad="""
    with op.batch_alter_table("user") as batch_op:
        batch_op.alter_column("name", type_=sa.String(120), existing_type=sa.String(70), existing_nullable=True)
    """,
    good="""
    with op.get_context().autocommit_block():
        # Alembic has no operation for this.
        op.execute("PRAGMA foreign_keys=OFF")
    with op.batch_alter_table("user") as batch_op:
        batch_op.alter_column("name", type_=sa.String(120), existing_type=sa.String(70), existing_nullable=True)
    with op.get_context().autocommit_block():
        # Whoever gets the connection next relies on them.
        op.execute("PRAGMA foreign_keys=ON")
    """,
)
def sqlite_makes_table_anew(review: Review) -> Iterator[Recorded]:
    """The old table is dropped, and with foreign keys on that deletes every row that points to it by CASCADE."""
    rebuilt = [step for step in review.steps if step.rebuilds]
    switched = {"OFF": False, "ON": False}
    for step in review.steps:
        words = "".join(step.statements).upper().replace(" ", "").removeprefix("PRAGMAFOREIGN_KEYS=")
        if step.autocommit and words in switched and rebuilt:
            switched[words] = step.line < rebuilt[0].line if words == "OFF" else step.line > rebuilt[-1].line
    if rebuilt and not all(switched.values()):
        yield rebuilt[0]


@rule(
    right="Read what the database's compiler says, below, and write it another way or for the other databases only.",
    bad="""
    op.create_table(
        "brochure",
        sa.Column("title", sa.types.NullType(), nullable=False),
        sa.PrimaryKeyConstraint("title", name="pk_brochure"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_520_ci",
    )
    """,
    good="""
    op.create_table(
        "brochure",
        sa.Column("title", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("title", name="pk_brochure"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_520_ci",
    )
    """,
)
def cannot_be_written(review: Review) -> Iterator[Recorded]:
    """There is no SQL for this operation on this database."""
    told = [*sqlite_cannot_alter.check(review)] if review.dialect == "sqlite" else []
    told += [*RULES["name-too-long"].check(review)] if review.dialect != "sqlite" else []
    for step in review.both_ways:
        if step.problem and step not in told:
            yield step
