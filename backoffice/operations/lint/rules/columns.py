"""Rules about columns: added, dropped, renamed, of another type."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from backoffice.database.limits import keeps_fractions
from backoffice.operations.lint.column_types import concrete, copies, widens
from backoffice.operations.lint.effects import default_sql, is_filled_row_by_row
from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, mapped_column, new_columns
from backoffice.operations.lint.rule import MYSQL, POSTGRESQL, SERVERS, rule


@rule(
    right="Give it a server_default, or let it be nullable.",
    bad='op.add_column("user", sa.Column("phone", sa.String(40), nullable=False))',
    good='op.add_column("user", sa.Column("phone", sa.String(40), server_default="", nullable=False))',
)
def not_null_without_default(review: Review) -> Iterator[Recorded]:
    """Rows that are there have no value for it, and the version that runs beside inserts none."""
    for step, op in review.of_used(ops.AddColumnOp):
        if not op.column.nullable and op.column.server_default is None:
            yield step


@rule(
    right="Add a plain nullable column, and let a job fill it.",
    bad='op.add_column("user", sa.Column("token", sa.String(36), server_default=sa.text("(random())"), nullable=True))',
    good='op.add_column("user", sa.Column("token", sa.String(36), nullable=True))',
)
def default_for_each_row(review: Review) -> Iterator[Recorded]:
    """Each row gets a value of its own: the table is written anew while nobody can write, and SQLite refuses."""
    for step, op in review.of_used(ops.AddColumnOp):
        default = default_sql(op.column)
        refused = review.dialect == "sqlite" and re.search(r"[(]|current_", default, re.I)
        if refused or is_filled_row_by_row(op.column, review.dialect):
            yield step


@rule(
    right="Take it out of the model, release that, and drop the column a release later.",
    bad="""
    phase = "contract"
    op.drop_column("user", "address")
    """,
    good="""
    phase = "contract"
    op.drop_column("user", "nickname")
    """,
)
def drops_mapped_column(review: Review) -> Iterator[Recorded]:
    """The models of this version still have the column, and each of their SELECTs names it."""
    for step, op in review.of_used(ops.DropColumnOp):
        if mapped_column(op.table_name, op.column_name) is not None:
            yield step


@rule(
    right="Add a new column, write both, let a job copy, read the new one, and drop the old one releases later.",
    bad="""
    phase = "contract"
    op.alter_column("user", "nickname", new_column_name="called", existing_type=sa.String(70), existing_nullable=True)
    """,
    good='op.add_column("user", sa.Column("called", sa.String(70), nullable=True))',
)
def renames_column(review: Review) -> Iterator[Recorded]:
    """At no moment do both versions find the column that they know."""
    for step, op in review.of_used(ops.AlterColumnOp):
        if op.modify_name is not None:
            yield step


@rule(
    SERVERS,
    right="Add a column of the new type and let a job move the values, whose failures it tells one by one.",
    bad="""
    phase = "contract"
    op.alter_column("user", "nickname", type_=sa.String(20), existing_type=sa.String(70), existing_nullable=True)
    """,
    good="""
    op.alter_column("user", "nickname", type_=sa.String(120), existing_type=sa.String(70), existing_nullable=True)
    """,
)
def narrows_type(review: Review) -> Iterator[Recorded]:
    """Values that no longer fit stop the upgrade or are cut, and the version beside still writes such."""
    for step, op in review.of_used(ops.AlterColumnOp):
        if op.modify_type and op.existing_type and not widens(op.existing_type, op.modify_type, review.dialect):
            yield step


@rule(
    SERVERS,
    right="Add a column of the new type, let a job copy, then switch. A string may grow in place, on MySQL and MariaDB "
    "unless it passes 63 characters.",
    bad="""
    op.alter_column("article", "words", type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=True)
    """,
    good="""
    op.alter_column("article", "label", type_=sa.String(120), existing_type=sa.String(70), existing_nullable=True)
    """,
)
def type_copies_table(review: Review) -> Iterator[Recorded]:
    """The new type has every row written anew, and nobody can write meanwhile."""
    for step, op in review.of_used(ops.AlterColumnOp):
        old, new = op.existing_type, op.modify_type
        if old and new and widens(old, new, review.dialect) and copies(old, new, review.dialect):
            yield step


@rule(
    SERVERS,
    right="Give existing_type and existing_nullable, and existing_server_default where there is one.",
    bad='op.alter_column("user", "nickname", type_=sa.String(120), existing_nullable=True)',
    good="""
    op.alter_column("user", "nickname", type_=sa.String(120), existing_type=sa.String(70), existing_nullable=True)
    """,
)
def existing_definition_missing(review: Review) -> Iterator[Recorded]:
    """MySQL and MariaDB write the whole definition anew, so that what is not told is lost: NOT NULL, the default."""
    for step, op in review.of_used(ops.AlterColumnOp):
        column = mapped_column(op.table_name, op.column_name)
        has_default = column is not None and column.server_default is not None
        rewritten = op.modify_type is not None or op.modify_nullable is not None or op.modify_name is not None
        untold = op.existing_type is None or (op.existing_nullable is None and op.modify_nullable is None)
        lost = has_default and op.existing_server_default is False and op.modify_server_default is False
        if rewritten and (untold or lost):
            yield step


@rule(
    POSTGRESQL,
    right="A revision before adds CHECK (… IS NOT NULL) with postgresql_not_valid=True; validate it here first: then "
    "SET NOT NULL believes it.",
    bad="""
    phase = "contract"
    op.alter_column("user", "nickname", nullable=False, existing_type=sa.String(70))
    """,
    good="""
    phase = "contract"
    # Alembic has no operation for this.
    op.execute('ALTER TABLE "user" VALIDATE CONSTRAINT ck_user_nickname')
    op.alter_column("user", "nickname", nullable=False, existing_type=sa.String(70))
    """,
)
def not_null_reads_all_rows(review: Review) -> Iterator[Recorded]:
    """PostgreSQL looks at every row behind a lock that lets nobody read."""
    validated = False
    for step in review.steps:
        validated = validated or "VALIDATE CONSTRAINT" in "".join(step.statements).upper()
        if isinstance(step.op, ops.AlterColumnOp) and step.op.modify_nullable is False and not validated:
            yield step


@rule(
    SERVERS,
    right="Take sa.String and let the application check the values.",
    bad='op.add_column("article", sa.Column("state", sa.Enum("draft", "published", name="state"), nullable=True))',
    good='op.add_column("article", sa.Column("state", sa.String(20), nullable=True))',
)
def native_enum(review: Review) -> Iterator[Recorded]:
    """Each change of its values is a change of the schema, and taking one away writes every row anew."""
    changed = ((step, op.modify_type) for step, op in review.of(ops.AlterColumnOp) if op.modify_type is not None)
    made = ((step, column.type) for step, column in new_columns(review))
    for step, column_type in (*made, *changed):
        held = concrete(column_type, review.dialect)
        if isinstance(held, sa.Enum) and held.native_enum:
            yield step


@rule(
    ("mysql",),
    right="Let it be nullable, or write the default as an expression: sa.text(\"('')\").",
    bad='op.add_column("article", sa.Column("note", sa.Text(), server_default="", nullable=False))',
    good='op.add_column("article", sa.Column("note", sa.Text(), nullable=True))',
)
def default_of_text(review: Review) -> Iterator[Recorded]:
    """MySQL refuses a plain default of TEXT, BLOB and JSON (error 1101), which MariaDB allows."""
    for step, column in new_columns(review):
        default = column.server_default
        held = concrete(column.type, review.dialect)
        plain = isinstance(default, sa.DefaultClause) and not str(default.arg).startswith("(")
        if plain and isinstance(held, (sa.Text, sa.JSON, sa.LargeBinary)):
            yield step


@rule(
    MYSQL,
    right='Write sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb").',
    bad='op.add_column("article", sa.Column("read_at", sa.DateTime(), nullable=True))',
    good="""
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    op.add_column("article", sa.Column("read_at", moment, nullable=True))
    """,
)
def datetime_without_fractions(review: Review) -> Iterator[Recorded]:
    """MySQL and MariaDB drop fractions of a second unless asked for six digits, so a moment does not come back."""
    for step, column in new_columns(review):
        if isinstance(column.type, sa.DateTime) and not keeps_fractions(column.type, review.dialect):
            yield step
