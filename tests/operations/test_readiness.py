"""What a process says of itself to those who send requests to it, while versions and schemas differ."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.config import ROOT
from backoffice.extensions import db
from backoffice.operations import schema_journal
from backoffice.operations.readiness import State, schema
from backoffice.operations.revisions import Line, Revision, line
from tests.databases import Databases


@pytest.fixture
def new_app(backend: str, databases: Databases) -> Iterator[Flask]:
    """The application on a database without a single table."""
    return databases.make_app(databases.create(backend))


def newer(*phases: str) -> Line:
    """This version's line with revisions after it, as a later version has them."""
    revisions = dict(line().revisions)
    for phase in phases:
        parent = next(reversed(revisions))
        number = f"{int(parent) + 1:04d}"
        revisions[number] = Revision(number, parent, phase, "Later", f"{number}_later.py")
    return Line(revisions)


def be_at(connection: sa.Connection, later: Line) -> None:
    """Leave the database as a later version's upgrade does."""
    schema_journal.rewrite(connection, later.revisions.values())
    connection.execute(sa.update(schema_journal.VERSION).values(version_num=later.head))


def test_a_process_that_starts_before_the_upgrade_waits_and_goes_on_by_itself(new_app: Flask):
    browser = new_app.test_client()
    assert browser.get("/healthz").status_code == 200
    told = browser.get("/readyz")
    assert told.status_code == 503
    assert told.json["schema"]["state"] == "behind"
    page = browser.get("/sign-in")
    assert page.status_code == 503
    assert "flask db upgrade" in page.text
    assert page.headers["Refresh"] == "3"
    for file in ("/static/css/layers.css", "/bootstrap/static/css/bootstrap.min.css", "/icons.svg"):
        with browser.get(file) as answer:
            assert answer.status_code == 200, f"the page looks like nothing without {file}"
    assert "Refresh" not in browser.post("/sign-in").headers
    with new_app.app_context():
        flask_migrate.upgrade()
    assert browser.get("/readyz").status_code == 200
    new_app.extensions["backoffice.gate"].next_look = 0.0
    assert browser.get("/sign-in").status_code == 200


def test_once_the_schema_was_found_right_no_page_asks_for_it(app: Flask, count_statements: Callable):
    browser = app.test_client()
    browser.get("/sign-in")
    with count_statements() as statements:
        browser.get("/sign-in")
    assert not [statement for statement in statements if "alembic_version" in statement]


@pytest.mark.parametrize(
    ("phases", "state"),
    [(("expand",), State.AHEAD), (("expand", "data", "expand"), State.AHEAD), (("expand", "contract"), State.UNKNOWN)],
)
def test_an_older_version_serves_as_long_as_nothing_it_uses_is_gone(app: Flask, phases: tuple[str, ...], state: State):
    with app.app_context(), db.engine.connect() as connection:
        be_at(connection, newer(*phases))
        found = schema(connection)
        connection.rollback()
    assert found.state is state
    assert found.serves == (state is State.AHEAD)


def test_a_schema_of_unknown_descent_is_not_served(app: Flask):
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(sa.update(schema_journal.VERSION).values(version_num="feedc0de"))
        found = schema(connection)
        connection.rollback()
    assert found.state is State.UNKNOWN
    assert "Start the version that upgraded it" in found.sentence


def test_rows_of_the_journal_that_follow_each_other_are_not_followed_for_ever(app: Flask):
    later = newer("expand", "expand")
    first, second = list(later.revisions.values())[-2:]
    with app.app_context(), db.engine.connect() as connection:
        be_at(connection, Line(later.revisions | {first.number: replace(first, parent=second.number)}))
        found = schema(connection)
        connection.rollback()
    assert found.state is State.UNKNOWN


def test_what_is_still_to_be_taken_away_keeps_nobody_from_serving(app: Flask):
    with app.app_context(), db.engine.connect() as connection:
        assert schema(connection, newer("contract")).state is State.READY
        found = schema(connection, newer("contract", "expand"))
    assert found.state is State.BEHIND
    assert "flask db upgrade" in found.sentence


def test_a_database_that_does_not_answer_is_told_without_an_error_page(databases: Databases):
    app = databases.make_app("mysql://nobody@127.0.0.1:1/none")
    told = app.test_client().get("/readyz")
    assert told.status_code == 503
    assert told.json == {"ready": False, "database": "does not answer"}


# Each of these is one MiB or more, or a good part of a start.
FOR_OTHERS = (
    "alembic", "mako", "backoffice.commands.db", "backoffice.commands.ops", "backoffice.demo", "nh3", "markdown_it",
    "puremagic", "sqlalchemy.dialects.postgresql", "pymysql", "backoffice.records.importing.xlsx_file",
    "backoffice.records.exporting.xlsx_file",
)  # fmt: skip


@pytest.mark.sqlite_only
def test_what_serves_loads_nothing_that_others_need(databases: Databases, app: Flask):
    serving = (
        "import sys, run; browser = run.app.test_client(); assert browser.get('/sign-in').status_code == 200;"
        "assert browser.get('/readyz').status_code == 200; print(*sorted({*sys.argv[1:]} & {*sys.modules}))"
    )
    settings = app.extensions["backoffice"]
    environment = {**os.environ, "DATABASE_URL": settings.database_url, "BACKOFFICE_INSTANCE": str(databases.folder)}
    command = [sys.executable, "-c", serving, *FOR_OTHERS]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
