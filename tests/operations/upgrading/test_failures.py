"""How an upgrade fails: in a sentence that names the revision and no value of a row, and with a code of its own."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.operations.upgrading.conftest import CITY, PEOPLE, Runners


def test_a_revision_the_database_refuses_is_told_in_a_sentence(
    at_first: str, runners: Runners, revisions: Callable[..., str]
):
    code, output = runners.run(at_first, "upgrade", directory=revisions(PEOPLE, "op.drop_table('nothing')"))
    assert code == 2
    assert "Revision 0002 (0002_step.py) failed:" in output
    assert "Traceback" not in output


def test_what_a_database_says_of_rows_stays_out_of_the_message(
    at_first: str, runners: Runners, revisions: Callable[..., str]
):
    twice = "op.execute(\"INSERT INTO person (id, name) VALUES (1, 'secret-name')\")"
    code, output = runners.run(at_first, "upgrade", directory=revisions(PEOPLE, twice, phases=("expand", "data")))
    assert code == 2
    assert "the database refuses its rows" in output
    assert "secret" not in output


@pytest.mark.server_only
def test_a_row_that_does_not_become_a_number_stays_out_of_the_message(
    at_first: str, engine: sa.Engine, runners: Runners, revisions: Callable[..., str]
):
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE person SET name = 'secret-name'"))
    number = 'op.execute("UPDATE person SET id = CAST(name AS DECIMAL) + 10")'
    code, output = runners.run(at_first, "upgrade", directory=revisions(PEOPLE, number, phases=("expand", "data")))
    assert code == 2
    assert "the database refuses its rows" in output
    assert "secret" not in output


RAISED = {
    "raise NotImplementedError('Rows were merged: restore a backup.')": "failed: Rows were merged: restore a backup.",
    "int('secret-name')": "failed: ValueError in line 14.",
    "import sys; sys.exit(0)": "failed: SystemExit in line 14.",
}


@pytest.mark.parametrize("body", RAISED)
def test_what_a_revision_raises_is_told_in_a_sentence(
    body: str, at_first: str, runners: Runners, revisions: Callable[..., str]
):
    code, output = runners.run(at_first, "upgrade", directory=revisions(PEOPLE, body))
    assert code == 2, output
    assert f"Revision 0002 (0002_step.py) {RAISED[body]}" in output
    assert "Traceback" not in output
    assert "secret" not in output


def test_a_downgrade_says_why_it_cannot(at_first: str, runners: Runners, revisions: Callable[..., str]):
    directory = revisions(PEOPLE, downs=("raise NotImplementedError('Rows were merged: restore a backup.')",))
    code, output = runners.run(at_first, "downgrade", directory=directory)
    assert code == 2
    assert "Error: Revision 0001 (0001_step.py) failed: Rows were merged: restore a backup." in output


def test_a_machine_reads_what_was_done_and_what_failed(at_first: str, runners: Runners, revisions: Callable[..., str]):
    directory = revisions(PEOPLE, CITY, "raise RuntimeError('Not today.')")
    code, output = runners.run(at_first, "upgrade", "--json", directory=directory)
    assert code == 2
    told = json.loads(output[output.index("{") : output.rindex("}") + 1])
    assert [done["revision"] for done in told["done"]] == ["0002"]
    assert told["error"] == told["summary"] == "Revision 0003 (0003_step.py) failed: Not today."
    assert told["ended_at"] == "0002"


@pytest.mark.sqlite_only
def test_sql_and_an_object_are_not_written_into_one_another(
    at_first: str, runners: Runners, revisions: Callable[..., str]
):
    code, output = runners.run(at_first, "upgrade", "--sql", "--json", directory=revisions(PEOPLE))
    assert (code, "Give --sql or --json" in output) == (2, True)


@pytest.mark.sqlite_only
def test_an_interrupted_upgrade_does_not_end_as_if_it_had_reached_its_end(
    at_first: str, runners: Runners, revisions: Callable[..., str]
):
    stop = "if not op.get_context().as_sql:\n    raise KeyboardInterrupt"
    code, output = runners.run(at_first, "upgrade", directory=revisions(PEOPLE, stop))
    assert (code, "Interrupted." in output) == (130, True)
