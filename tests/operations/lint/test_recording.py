"""What a revision does is noted without a database: each operation, its SQL, where it stands and how."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.mysql import pymysql

from backoffice.config import ROOT
from backoffice.operations.lint.recording import DIALECTS, NotOffline, Recorded, product, record
from tests.operations.lint.revisions import revision

BATCH = """
with op.batch_alter_table("user") as batch_op:
    batch_op.add_column(sa.Column("phone", sa.String(40)))
    batch_op.drop_column("nickname")
"""


def kinds(steps: list[Recorded]) -> list[str]:
    """The operations by the names of their classes."""
    return [type(step.op).__name__ for step in steps]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_revision_of_the_product_can_be_recorded_both_ways(dialect: str) -> None:
    for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions():
        for step in (*record(script, dialect), *record(script, dialect, "downgrade")):
            assert step.statements
            assert step.line
            assert step.problem is None


def test_each_operation_has_its_statements_and_its_line(tmp_path: Path) -> None:
    script = revision(tmp_path, 'op.add_column("user", sa.Column("a", sa.Integer()))\nop.execute("SELECT 1")')
    lines = Path(script.path).read_text(encoding="utf-8").splitlines()
    steps = record(script, "postgresql")
    assert kinds(steps) == ["AddColumnOp", "ExecuteSQLOp"]
    assert [step.statements for step in steps] == [('ALTER TABLE "user" ADD COLUMN a INTEGER',), ("SELECT 1",)]
    assert ["op.add_column" in lines[steps[0].line - 1], "op.execute" in lines[steps[1].line - 1]] == [True, True]


def test_a_column_with_a_foreign_key_makes_two_statements_of_one_operation(tmp_path: Path) -> None:
    example = 'op.add_column("user", sa.Column("a", sa.Integer(), sa.ForeignKey("article.id", name="fk_a")))'
    [step] = record(revision(tmp_path, example), "mysql")
    assert len(step.statements) == 2


@pytest.mark.parametrize("dialect", ["mysql", "mariadb", "postgresql"])
def test_a_batch_is_its_operations_where_the_table_stays(dialect: str, tmp_path: Path) -> None:
    steps = record(revision(tmp_path, BATCH), dialect)
    assert kinds(steps) == ["AddColumnOp", "DropColumnOp"]
    assert [len(step.statements) for step in steps] == [1, 1]
    assert steps[0].line + 1 == steps[1].line
    assert not any(step.rebuilds for step in steps)


def test_a_batch_on_sqlite_makes_the_table_anew_unless_it_only_adds_columns(tmp_path: Path) -> None:
    steps = record(revision(tmp_path, BATCH), "sqlite")
    assert kinds(steps) == ["AddColumnOp", "DropColumnOp"]
    assert all(step.rebuilds for step in steps)
    [adding] = record(revision(tmp_path, "\n".join(BATCH.strip().splitlines()[:2])), "sqlite")
    assert not adding.rebuilds
    assert adding.statements == ("ALTER TABLE user ADD COLUMN phone VARCHAR(40)",)


def test_what_stands_in_an_autocommit_block_is_marked(tmp_path: Path) -> None:
    example = """
with op.get_context().autocommit_block():
    op.create_index("ix_user_name", "user", ["name"], postgresql_concurrently=True)
op.execute("SELECT 1")
"""
    steps = record(revision(tmp_path, example), "postgresql")
    assert [step.autocommit for step in steps] == [True, False]
    assert steps[0].statements == ('CREATE INDEX CONCURRENTLY ix_user_name ON "user" (name)',)


def test_what_is_executed_past_all_operations_is_noted_too(tmp_path: Path) -> None:
    example = 'op.get_bind().execute(sa.text("DELETE FROM role"))\nop.add_column("user", sa.Column("a", sa.Integer()))'
    steps = record(revision(tmp_path, example), "sqlite")
    assert kinds(steps) == ["ExecuteSQLOp", "AddColumnOp"]
    assert steps[0].statements == ("DELETE FROM role",)


def test_a_percent_sign_is_shown_as_it_is(tmp_path: Path) -> None:
    role = 'sa.table("role", sa.column("name", sa.String()))'
    example = f'role = {role}\nop.execute(sa.delete(role).where(role.c.name.like("a%")))'
    for dialect in DIALECTS:
        [step] = record(revision(tmp_path, example), dialect)
        assert step.statements[0].endswith("LIKE 'a%'")


def test_a_revision_that_needs_rows_says_so_and_names_itself(tmp_path: Path) -> None:
    script = revision(tmp_path, 'op.get_bind().scalars(sa.text("SELECT 1")).all()')
    with pytest.raises(NotOffline, match=r"^upgrade of revision 0001 cannot be run without a database .*as_sql"):
        record(script, "sqlite")


def test_an_operation_without_words_on_a_database_is_noted_and_the_rest_goes_on(tmp_path: Path) -> None:
    example = 'op.create_foreign_key("fk_a", "user", "article", ["a"], ["id"])\nop.execute("SELECT 1")'
    steps = record(revision(tmp_path, example), "sqlite")
    assert "No support for ALTER of constraints in SQLite" in (steps[0].problem or "")
    assert steps[1].statements == ("SELECT 1",)


def test_an_upgrade_that_is_under_way_gets_its_operations_back(tmp_path: Path) -> None:
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})
    with Operations.context(context):
        record(revision(tmp_path, 'op.execute("SELECT 1")'), "postgresql")
        assert op.get_context() is context


def test_the_product_counts_and_not_the_address() -> None:
    assert product("mariadb") == "mariadb"
    assert product(pymysql.dialect()) == "mysql"
    assert product(pymysql.dialect(is_mariadb=True)) == "mariadb"
    assert product(sa.make_url("postgresql+psycopg://").get_dialect()()) == "postgresql"


def test_operations_are_alembics_own(tmp_path: Path) -> None:
    [step] = record(revision(tmp_path, 'op.drop_column("user", "a")'), "mysql")
    assert isinstance(step.op, ops.DropColumnOp)
    assert (step.op.table_name, step.op.column_name) == ("user", "a")
