"""Rules about rows that a revision changes, and about SQL that is no operation."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, is_data, is_schema
from backoffice.operations.lint.rule import rule


@rule(
    right="Make two revisions of it, the schema first.",
    bad="""
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))
    op.bulk_insert(sa.table("role", sa.column("name", sa.String())), [{"name": "guest"}])
    """,
    good='op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))',
)
def mixes_schema_and_data(review: Review) -> Iterator[Recorded]:
    """MySQL and MariaDB commit at each change of the schema: a rerun does what was committed once more."""
    if any(is_schema(step) for step in review.steps):
        yield from (step for step in review.steps if is_data(step))


@rule(
    right='Say phase = "data" where rows are changed, and "expand" or "contract" where the schema is.',
    bad="""
    phase = "expand"
    op.bulk_insert(sa.table("role", sa.column("name", sa.String())), [{"name": "guest"}])
    """,
    good="""
    phase = "data"
    op.bulk_insert(sa.table("role", sa.column("name", sa.String())), [{"name": "guest"}])
    """,
)
def phase_differs(review: Review) -> Iterator[Recorded]:
    """The revision says that it changes the one, and changes the other."""
    data = [step for step in review.steps if is_data(step)]
    schema = [step for step in review.steps if is_schema(step)]
    if data and not schema and review.phase != "data":
        yield data[0]
    if schema and not data and review.phase == "data":
        yield schema[0]


@rule(
    right="Let a job change many rows, in chunks; a revision changes a few, and says which.",
    bad="""
    phase = "data"
    op.execute(sa.update(sa.table("article", sa.column("title", sa.String()))).values(title=""))
    """,
    good="""
    phase = "data"
    role = sa.table("role", sa.column("name", sa.String()))
    op.execute(sa.update(role).where(role.c.name == "guest").values(name="visitor"))
    """,
)
def changes_all_rows(review: Review) -> Iterator[Recorded]:
    """One statement locks all rows of the table until it is done: a million of them stall a save for seconds."""
    for step, words in review.executed():
        if words.startswith(("UPDATE ", "DELETE ", "TRUNCATE ")) and " WHERE " not in words:
            yield step


@rule(
    right="Use an operation or an SQLAlchemy expression, or say in a comment above why there is none for it.",
    bad="""
    phase = "data"
    op.execute("DELETE FROM role WHERE name = 'guest'")
    """,
    good="""
    phase = "data"
    role = sa.table("role", sa.column("name", sa.String()))
    op.execute(sa.delete(role).where(role.c.name == "guest"))
    """,
)
def raw_sql_without_reason(review: Review) -> Iterator[Recorded]:
    """Text goes to all databases as it stands, and neither the lint nor the plan can tell what it does."""
    for step, op in review.of(ops.ExecuteSQLOp):
        if isinstance(op.sqltext, (str, sa.TextClause)) and not review.commented & {step.line, step.line - 1}:
            yield step
