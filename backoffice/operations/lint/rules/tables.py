"""Rules about tables: dropped, renamed, and what a new one has to have."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, mapped
from backoffice.operations.lint.rule import MYSQL, SERVERS, rule

LONGEST = {"mysql": 64, "mariadb": 64, "postgresql": 63}


@rule(
    right="Take it out of the models, release that, and drop the table a release later.",
    bad="""
    phase = "contract"
    op.drop_table("article")
    """,
    good="""
    phase = "contract"
    op.drop_table("leaflet")
    """,
)
def drops_mapped_table(review: Review) -> Iterator[Recorded]:
    """The models of this version still have the table."""
    for step, op in review.of_used(ops.DropTableOp):
        if mapped(op.table_name) is not None:
            yield step


@rule(
    right="Make a table of the new name and let a job copy, or keep the name: only __tablename__ shows it.",
    bad="""
    phase = "contract"
    op.rename_table("leaflet", "brochure")
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
def renames_table(review: Review) -> Iterator[Recorded]:
    """At no moment do both versions find the table that they know."""
    for step, _ in review.of(ops.RenameTableOp):
        yield step


@rule(
    right="Give it sa.PrimaryKeyConstraint with a name.",
    bad="""
    op.create_table(
        "brochure",
        sa.Column("title", sa.String(80), nullable=False),
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
def table_without_primary_key(review: Review) -> Iterator[Recorded]:
    """Rows cannot be told apart, pages and jobs cannot go through them, and clusters refuse to copy them."""
    for step, op in review.of(ops.CreateTableOp):
        keys = [item for item in op.columns if isinstance(item, sa.PrimaryKeyConstraint) or is_key(item)]
        if not keys:
            yield step


def is_key(item: object) -> bool:
    """Whether a part of a table is a column that says `primary_key=True`."""
    return isinstance(item, sa.Column) and bool(item.primary_key)


@rule(
    MYSQL,
    right='Add mysql_charset="utf8mb4" and mysql_collate="utf8mb4_unicode_520_ci", and mariadb_… likewise.',
    bad="""
    op.create_table(
        "brochure",
        sa.Column("title", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("title", name="pk_brochure"),
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
def table_without_charset(review: Review) -> Iterator[Recorded]:
    """The table gets what the database happens to have: no emoji, or comparisons that differ from its neighbours'."""
    for step, _ in review.of(ops.CreateTableOp):
        sql = "".join(step.statements).upper()
        if step.statements and not ("CHARSET" in sql and "COLLATE" in sql):
            yield step


@rule(
    SERVERS,
    right="Shorten it: 63 characters are the most that all databases keep.",
    bad="""
    op.add_column(
        "user",
        sa.Column("the_name_by_which_this_person_is_called_by_friends_and_by_the_family_at_home", sa.String(70)),
    )
    """,
    good='op.add_column("user", sa.Column("called", sa.String(70)))',
)
def name_too_long(review: Review) -> Iterator[Recorded]:
    """PostgreSQL cuts it without a word, so that nothing finds it again; MySQL and MariaDB refuse it."""
    for step in review.steps:
        if any(len(name) > LONGEST[review.dialect] for name in names(step.op)):
            yield step


def names(op: ops.MigrateOperation) -> Iterator[str]:
    """Every name that an operation gives."""
    for attribute in ("index_name", "constraint_name", "new_table_name", "modify_name"):
        if isinstance(name := getattr(op, attribute, None), str):
            yield name
    if isinstance(op, ops.CreateTableOp):
        yield op.table_name
        yield from (str(item.name) for item in op.columns if isinstance(item, (sa.Column, sa.Constraint)) and item.name)
    if isinstance(op, ops.AddColumnOp):
        yield str(op.column.name)
