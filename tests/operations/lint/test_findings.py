"""How findings are put together and told, what passes over a rule, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import write_hooks
from flask import Flask
from flask.testing import FlaskCliRunner

from backoffice.commands import linting
from backoffice.errors import Conflict
from backoffice.extensions import db
from backoffice.operations.duplicates import refuse_duplicates
from backoffice.operations.lint.findings import Finding, lint, told
from backoffice.operations.lint.rule import RULES
from tests.databases import Databases
from tests.operations.lint.revisions import revision

DROP = 'op.drop_column("user", "nickname")'
REASON = "No release has ever mapped the column."


def named(findings: list[Finding]) -> list[str]:
    """The rules that found something."""
    return [finding.rule.name for finding in findings]


def test_a_finding_on_all_databases_is_told_once(tmp_path: Path) -> None:
    [finding] = lint(revision(tmp_path, DROP))
    rule = RULES["contract-too-early"]
    assert told(finding).splitlines() == [
        f"0001_show_example.py:{finding.line}: contract-too-early (user.nickname)",
        f"    {rule.wrong}",
        f"    {rule.right}",
    ]


def test_a_finding_on_some_databases_names_them(tmp_path: Path) -> None:
    example = (
        'op.add_column("user", sa.Column("a", sa.Integer()))\nop.add_column("article", sa.Column("a", sa.Integer()))'
    )
    [finding] = lint(revision(tmp_path, example))
    assert told(finding).splitlines()[0].endswith(": several-schema-steps (article.a) on MySQL, MariaDB")


def test_what_a_databases_compiler_says_is_told(tmp_path: Path) -> None:
    [finding] = lint(revision(tmp_path, RULES["cannot-be-written"].bad), ("postgresql",))
    assert "NullType" in told(finding).splitlines()[-1]


def test_a_rule_is_passed_over_with_a_reason(tmp_path: Path) -> None:
    assert lint(revision(tmp_path, f'lint_ignore = {{"contract-too-early": "{REASON}"}}\n{DROP}')) == []


@pytest.mark.parametrize("reason", ["", "   ", "fine", " " * 40])
def test_without_a_reason_that_itself_is_found(reason: str, tmp_path: Path) -> None:
    findings = lint(revision(tmp_path, f'lint_ignore = {{"contract-too-early": "{reason}"}}\n{DROP}'))
    assert named(findings) == ["ignore-without-reason"]


def test_a_rule_that_does_not_exist_cannot_be_passed_over(tmp_path: Path) -> None:
    findings = lint(revision(tmp_path, f'lint_ignore = {{"contract-early": "{REASON}"}}\n{DROP}'))
    assert named(findings) == ["ignore-without-reason", "contract-too-early"]


def test_a_rule_passed_over_for_nothing_is_found_only_by_a_look_at_all_databases(tmp_path: Path) -> None:
    script = revision(tmp_path, f'lint_ignore = {{"several-schema-steps": "{REASON}"}}\nphase = "contract"\n{DROP}')
    assert [(finding.rule.name, finding.about) for finding in lint(script)] == [
        ("ignore-unused", "several-schema-steps")
    ]
    assert lint(script, ("mysql",)) == []


def test_how_rules_are_passed_over_cannot_be_passed_over(tmp_path: Path) -> None:
    example = f'lint_ignore = {{"ignore-without-reason": "{REASON}", "contract-too-early": ""}}\n{DROP}'
    assert named(lint(revision(tmp_path, example))) == ["ignore-without-reason"]


def test_a_revision_that_needs_a_database_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    script = revision(tmp_path, "1 / 0")
    assert named(lint(script)) == ["needs-database"]


def test_tables_that_the_revision_makes_are_in_nobodys_way(tmp_path: Path) -> None:
    example = RULES["table-without-primary-key"].good + (
        '\nop.add_column("brochure", sa.Column("state", sa.String(20), nullable=False))'
        '\nop.create_index("ix_brochure_state", "brochure", ["state"], unique=True)'
    )
    script = revision(tmp_path, example)
    assert [finding for dialect in ("mysql", "postgresql") for finding in lint(script, (dialect,))] == []


def test_a_downgrade_that_drops_an_index_before_its_table_is_found(tmp_path: Path) -> None:
    good = RULES["foreign-key-without-index"].good
    table = good.replace(
        '"fk_brochure_user_id_user"),\n', '"fk_brochure_user_id_user"),\n    mysql_charset="utf8mb4", '
    )
    table = table.replace(
        'mysql_charset="utf8mb4", ', 'mysql_charset="utf8mb4", mysql_collate="utf8mb4_unicode_520_ci",\n'
    )
    back = '\n\ndef downgrade():\n    op.drop_index("ix_brochure_user_id", "brochure")\n    op.drop_table("brochure")\n'
    assert named(lint(revision(tmp_path, table + back), ("mariadb",))) == ["drops-index-of-foreign-key"]
    whole = '\n\ndef downgrade():\n    op.drop_table("brochure")\n'
    assert lint(revision(tmp_path, table + whole), ("mariadb",)) == []


# -- the command and the hook ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of revisions in place of the product's."""
    versions = tmp_path / "versions"
    versions.mkdir()
    monkeypatch.setattr(linting, "MIGRATIONS", tmp_path)
    return versions


@pytest.mark.sqlite_only
def test_the_command_tells_findings_and_ends_with_one(runner: FlaskCliRunner, folder: Path) -> None:
    revision(folder, DROP)
    result = runner.invoke(args=["db", "lint"])
    assert result.exit_code == 1
    assert "0001_show_example.py:" in result.output
    assert result.output.endswith("1 to mend.\n")


@pytest.mark.sqlite_only
def test_the_command_ends_with_nought_where_all_is_well(runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["db", "lint"])
    assert (result.exit_code, result.output) == (0, "Nothing to mend.\n")


@pytest.mark.sqlite_only
def test_the_command_looks_at_the_revisions_and_databases_asked_for(runner: FlaskCliRunner, folder: Path) -> None:
    revision(folder, 'op.create_index("ix_user_name", "user", ["name"])')
    assert runner.invoke(args=["db", "lint", "0001", "--dialect", "mysql"]).exit_code == 0
    assert runner.invoke(args=["db", "lint", "head", "--dialect", "mysql", "--dialect", "postgresql"]).exit_code == 1
    unknown = runner.invoke(args=["db", "lint", "0099"])
    assert (unknown.exit_code, unknown.stderr) == (
        2,
        "Error: There is no such revision. `flask db history` lists them.\n",
    )


@pytest.mark.sqlite_only
def test_the_command_gives_json(runner: FlaskCliRunner, folder: Path) -> None:
    revision(folder, DROP)
    [finding] = json.loads(runner.invoke(args=["db", "lint", "--json"]).output)
    assert finding["rule"] == "contract-too-early"
    assert finding["file"] == "0001_show_example.py"
    assert finding["about"] == "user.nickname"
    assert finding["dialects"] == ["sqlite", "mysql", "mariadb", "postgresql"]
    assert finding["wrong"]
    assert finding["right"]


@pytest.mark.sqlite_only
def test_a_new_revision_is_looked_at_as_soon_as_it_is_written(
    app: Flask, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        # This reads migrations/env.py, which makes the hook known.
        flask_migrate.current()
    capsys.readouterr()
    script = revision(folder, DROP)
    write_hooks._invoke("lint", script.path, {})
    assert "contract-too-early (user.nickname)" in capsys.readouterr().err


# -- what good examples rely on ----------------------------------------------------------------------------------------


def test_duplicates_stop_a_revision_before_anything_is_changed(
    app: Flask, session: sa.orm.Session, make_users: Callable[..., None]
) -> None:
    del session
    with app.app_context(), db.engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        make_users(connection, "Ming", "Yue", None, None)
        refuse_duplicates(operations, "user", ["name"])
        make_users(connection, "Ming")
        refuse_duplicates(operations, "user", ["name", "email"])
        with pytest.raises(Conflict, match="Rows of user have the same name, which is to be unique"):
            refuse_duplicates(operations, "user", ["name"])
        connection.rollback()


@pytest.fixture
def make_users() -> Callable[..., None]:
    """Insert users of these names."""
    count = iter(range(100))

    def make(connection: sa.Connection, *names: str | None) -> None:
        user = sa.table("user", *map(sa.column, ("username", "email", "name", "created_at", "updated_at")))
        moment = sa.literal_column("'2026-01-01 00:00:00'")
        rows = [
            {"username": f"u{n}", "email": f"{n}@example.com", "name": name}
            for n, name in zip(count, names, strict=False)
        ]
        connection.execute(sa.insert(user).values(created_at=moment, updated_at=moment), rows)

    return make


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("kind", "kept"), [("bad", 0), ("good", 1)])
def test_a_table_made_anew_on_sqlite_takes_its_children_along_unless_foreign_keys_are_off(
    backend: str, kind: str, kept: int, databases: Databases, tmp_path: Path
) -> None:
    script = revision(tmp_path, getattr(RULES["sqlite-makes-table-anew"], kind))
    app = databases.make_app(databases.create(backend))
    with app.app_context(), db.engine.connect() as connection:
        for statement in (
            'CREATE TABLE "user" (id INTEGER PRIMARY KEY, name VARCHAR(70))',
            'CREATE TABLE child (user_id INTEGER REFERENCES "user" (id) ON DELETE CASCADE)',
            "INSERT INTO \"user\" VALUES (1, 'Ming')",
            "INSERT INTO child VALUES (1)",
        ):
            connection.exec_driver_sql(statement)
        connection.commit()
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with context.begin_transaction(), context.begin_transaction(_per_migration=True), Operations.context(context):
            script.module.upgrade()
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar() == kept
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
