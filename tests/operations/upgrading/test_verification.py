"""After an upgrade the schema is compared with the models: what is missing is an error, all else is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from backoffice.extensions import db
from backoffice.models import Model
from backoffice.operations import schema_journal
from backoffice.operations.revisions import line
from tests.databases import Databases
from tests.operations.checks.conftest import look
from tests.operations.checks.test_databases import change
from tests.operations.upgrading.conftest import Runners


@pytest.fixture
def upgraded(url: str, databases: Databases) -> Flask:
    """An application whose database is at the newest revision."""
    app = databases.make_app(url)
    with app.app_context(), db.engine.begin() as connection:
        Model.metadata.create_all(connection)
        connection.execute(
            sa.schema.CreateTable(sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32))))
        )
        connection.execute(sa.insert(schema_journal.VERSION).values(version_num=line().head))
    return app


@pytest.fixture
def team_table() -> Iterator[sa.Table]:
    """A table that a team's own model maps."""
    table = sa.Table(
        "team_note", Model.metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("body", sa.Text)
    )
    yield table
    Model.metadata.remove(table)


def upgrade(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["db", "upgrade", *arguments])


def told(app: Flask) -> list[str]:
    """What the verification says, in the object for machines, of an upgrade that ended well."""
    answer = upgrade(app, "--json")
    assert answer.exit_code == 0, answer.output
    return [finding["told"] for finding in json.loads(answer.stdout)["verification"]]


def test_a_schema_as_the_models_say_is_passed_over_in_silence(upgraded: Flask):
    # Tables that no model maps are somebody else's.
    change(upgraded, "CREATE TABLE elsewhere (id INTEGER PRIMARY KEY, note TEXT NOT NULL)")
    assert told(upgraded) == []
    assert "Look" not in upgrade(upgraded).output


@pytest.mark.parametrize(
    ("harm", "lost"),
    [
        ("DROP TABLE presence", "the table presence"),
        ("ALTER TABLE article DROP COLUMN content", "the column article.content"),
    ],
)
def test_what_is_missing_is_an_error_that_names_it_and_its_fix(harm: str, lost: str, upgraded: Flask):
    change(upgraded, harm)
    answer = upgrade(upgraded)
    assert answer.exit_code == 1
    assert (
        f"Error: The schema is at {line().head}. This version needs what is not there: {lost} is missing."
        in answer.stderr
    )
    assert "flask db migrate" in answer.stderr
    answer = upgrade(upgraded, "--json")
    assert answer.exit_code == 1
    report = json.loads(answer.stdout)
    assert [finding["status"] for finding in report["verification"]] == ["fail"]
    assert report["summary"].endswith("lacks what this version needs.")
    # The same is decided for the checks.
    assert f"{lost} is missing" in look(upgraded, "drift")[0].told


def test_a_team_s_model_without_its_revision_is_an_error(team_table: sa.Table, upgraded: Flask):
    assert told(upgraded) == []
    change(upgraded, "DROP TABLE team_note")
    assert "the table team_note is missing" in upgrade(upgraded).stderr
    # One that maps a view finds its columns there, of which a view tells no more than their names.
    change(upgraded, "CREATE VIEW team_note AS SELECT id, title AS body FROM article")
    assert told(upgraded) == []


def test_tables_that_are_left_out_of_comparisons_are_left_out_here(
    team_table: sa.Table, upgraded: Flask, monkeypatch: pytest.MonkeyPatch
):
    change(upgraded, "DROP TABLE team_note")
    included = schema_journal.include_name
    monkeypatch.setattr(
        schema_journal, "include_name", lambda name, *rest: name != "team_note" and included(name, *rest)
    )
    assert told(upgraded) == []


# Statements that change the same by hand; SQLite adds no column that demands a value, and alters none.
BY_HAND = {
    "sqlite": [
        "DROP TABLE presence",
        "CREATE TABLE presence (staff_id INTEGER, page VARCHAR(40), slot BLOB, editing BOOLEAN, seen_at DATETIME, "
        "colour TEXT NOT NULL, PRIMARY KEY (staff_id, page, slot))",
    ],
    "mysql": [
        "ALTER TABLE presence ADD colour TEXT NOT NULL, MODIFY editing BOOLEAN NULL, "
        "MODIFY slot VARBINARY(64) NOT NULL",
    ],
    "postgresql": [
        "ALTER TABLE presence ADD colour TEXT NOT NULL, ALTER editing DROP NOT NULL, ALTER slot TYPE BYTEA USING NULL",
    ],
}


def test_what_differs_otherwise_is_told_and_the_upgrade_ends_well(backend: str, upgraded: Flask):
    change(upgraded, "ALTER TABLE article ADD COLUMN nickname VARCHAR(20)")
    assert told(upgraded) == [], "a column that nobody maps, as between two releases"
    change(upgraded, *BY_HAND[backend])
    [sentence] = told(upgraded)
    for part in (
        "the type of presence.slot differs",
        "whether presence.editing may be empty differs",
        "the column presence.colour is not ours, and has to be filled",
    ):
        assert part in sentence
    assert "Look: Differs from the models: " in upgrade(upgraded).output


def test_an_index_that_was_left_invalid_is_named(backend: str, upgraded: Flask):
    if backend != "postgresql":
        assert told(upgraded) == []
        return
    change(upgraded, "INSERT INTO role (name, permissions) VALUES ('a', ''), ('b', '')")
    with upgraded.app_context():
        alone = db.engine.execution_options(isolation_level="AUTOCOMMIT")
        for name in ("ix_role_permissions", "ix_role_permissions_ccnew"):
            with alone.connect() as connection, suppress(sa.exc.IntegrityError):
                connection.exec_driver_sql(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON role (permissions)")
    answer = upgrade(upgraded, "--json")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)["verification"]
    assert [finding["command"] for finding in found] == [
        "REINDEX INDEX CONCURRENTLY ix_role_permissions", "DROP INDEX CONCURRENTLY ix_role_permissions_ccnew"
    ]  # fmt: skip
    assert "invalid" in upgrade(upgraded).output
    assert "invalid" in look(upgraded, "drift")[1].told


@pytest.mark.sqlite_only
def test_only_the_newest_revision_is_compared(url: str, runners: Runners, engine: sa.Engine):
    code, output = runners.run(url, "upgrade", "0003", "--json")
    assert code == 0, output
    assert json.loads(output[output.index("{") :])["verification"] == []
    code, output = runners.run(url, "upgrade")
    assert code == 0, output
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE presence")
    assert runners.run(url, "upgrade", line().head)[0] == 1
    code, output = runners.run(url, "downgrade", "0024")
    assert code == 0, output


def test_a_database_that_does_not_answer_afterwards_is_no_failed_upgrade(
    upgraded: Flask, monkeypatch: pytest.MonkeyPatch
):
    def fails(*_arguments: object, **_more: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception("secret"))

    monkeypatch.setattr("backoffice.operations.checks.drift.findings", fails)
    answer = upgrade(upgraded)
    assert answer.exit_code == 0, answer.output
    assert "Not compared with the models (OperationalError). Look at it: flask ops check" in answer.output
    assert "secret" not in answer.output
