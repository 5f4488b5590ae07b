"""The benchmark runs, and would notice a wrong answer: every page and file is compared with SQL's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.models import utcnow
from tests.bench.client import WrongAnswer
from tests.bench.contenders import floor
from tests.bench.jobs import Pass, some_of
from tests.bench.kept import COLUMNS as KEPT
from tests.bench.kept import kept, put_back
from tests.bench.loading import COLUMNS, Database
from tests.bench.measuring import address_of, seated
from tests.bench.meters import meter_for
from tests.bench.proof import ARTICLE, JOB, Range, history_tells, told
from tests.bench.report_jobs import Jobs
from tests.bench.saving import Saves
from tests.bench.tasks import FORMS, TASKS
from tests.bench.world import World
from tests.documents import ROOT

ARTICLES = 400
WHO = {"product", "stock", "uncounted", "floor"}
# Stock shows relations in its forms alone, and these do not know of its count.
LEFT_OUT = {
    **{key: {"stock", "uncounted"} for key in ("panel", "panel-author")},
    **{task.key: {"uncounted"} for task in FORMS},
}


@pytest.fixture
def database(backend: str) -> Iterator[Database]:
    """The benchmark's own, small, and dropped afterwards."""
    database = Database(backend, World.of(ARTICLES))
    yield database
    database.drop()


def run(database: Database, only: str, told: Path) -> tuple[str, dict[str, Any]]:
    """One round of these tasks: what it says, and what it writes down."""
    name = {"mysql": "mariadb"}.get(database.backend, database.backend)
    options = ["--database", name, "--articles", str(database.world.articles), "--rounds", "1", "--only", only]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench", *options, "--json", str(told)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout, json.loads(told.read_text())


def test_everybody_answers_as_sql_does(database: Database, tmp_path: Path) -> None:
    # The servers' counters take their time to tell, so there a few of them do.
    few = {"mysql": {"newest", "end", "rare", "save"}, "postgresql": {"rare", "save"}}
    keys = few.get(database.backend, {task.key for task in (*TASKS, *FORMS)})
    said, results = run(database, ",".join([*keys, "csv"]), tmp_path / "told.json")
    asked = {(run["contender"], run["task"]) for run in results["lists"]}
    assert asked == {(who, task) for task in keys for who in WHO - LEFT_OUT.get(task, set())}
    ours = [run for run in results["lists"] if run["contender"] == "product"]
    if database.backend == "mysql":
        # Of a save two are its triggers', which keep the search index.
        assert all(0 < run["statements"] <= (10 if run["task"] == "save" else 5) for run in ours)
    assert {run["contender"] for run in results["exports"]} == {"product", "stock", "uncounted", "floor"}
    assert "search, a word in 0.1 % of titles" in said
    # The yardstick stands beside every list: goals mean nothing without the machine's speed.
    assert all(run["pace"] for run in ours if run["task"] in {task.key for task in TASKS})
    assert_put_back(database)


def assert_put_back(database: Database) -> None:
    """What was saved is as it was loaded, but for its version."""
    world = database.world
    for table, key, make in (
        ("article", world.some_article, world.article_row),
        ("user", world.heaviest_collector, world.user_row),
    ):
        with database.engine().connect() as connection:
            found = sa.table(table, *map(sa.column, COLUMNS[table]))
            row = connection.execute(sa.select(found).where(found.c.id == key)).one()
        assert row[:4] == make(key - 1)[:4]


@pytest.mark.sqlite_only
def test_a_wrong_page_stops_the_run() -> None:
    # Another size, so that both tests may run at once.
    database = Database("sqlite", World.of(ARTICLES // 2))
    try:
        database.make(lambda _text: None)
        wrong = TASKS[0].__class__("title", "not what was asked", TASKS[0].expected)
        with (
            meter_for(database) as meter,
            seated([floor()], database, meter) as seats,
            pytest.raises(WrongAnswer, match="not what was asked"),
        ):
            address_of(wrong, seats[0])
    finally:
        database.drop()


# -- jobs --------------------------------------------------------------------------------------------------------------

# A part on each database, as each starts processes of its own.
PARTS = {"sqlite": "jobs-all,jobs-import", "mysql": "jobs-some", "postgresql": "jobs-saves,upgrade"}


def test_jobs_are_measured_and_all_is_put_back(backend: str, tmp_path: Path) -> None:
    # Another size, so that both tests may run at once.
    database = Database(backend, World.of(ARTICLES + 1))
    try:
        said, results = run(database, PARTS[backend], tmp_path / "told.json")
        jobs = results["jobs"]
        if backend == "sqlite":
            assert [done["action"] for done in jobs["passes"]] == ["publish", "withdraw"]
            assert "plain UPDATE" in said
            assert [done["rows"] for done in jobs["imports"]] == [ARTICLES + 1]
        elif backend == "mysql":
            assert {done["rows"] for done in jobs["published"]} == {some_of(database).count}
            assert all(len(done["whole"]) == 1 and done["undone"] for done in jobs["published"])
            assert "the same here" in said
        else:
            assert [(done["problems"], bool(done["seconds"])) for done in jobs["saves"]] == [([], True)] * 2
            assert jobs["saves"][1]["changed"] % (ARTICLES + 1) == 0
            assert [bool(run["reads"]) for run in results["upgrades"]] == [True, True]
            assert "readers’ p50" in said
        assert_as_loaded(database)
    finally:
        database.drop()


def assert_as_loaded(database: Database) -> None:
    """Every article has the title and the moments it was loaded with, and nothing says otherwise."""
    with database.engine().connect() as connection:
        assert not [name for name in KEPT if sa.inspect(connection).has_table(name)]
        rows = connection.execute(sa.select(ARTICLE.c.id, ARTICLE.c.title, ARTICLE.c.published_at)).all()
    loaded = {row[0]: row for row in map(database.world.article_row, range(database.world.articles))}
    for row in rows:
        key, title, _content, _author, published_at, *_ = loaded[row.id]
        assert (row.id, row.title) == (key, title)
        assert (row.published_at and row.published_at.replace(tzinfo=None, microsecond=0)) == (
            published_at and published_at.replace(microsecond=0)
        )


@pytest.fixture
def loaded(worker_id: str) -> Iterator[Database]:
    """A database of the benchmark's, with its rows; each process of tests has one of another size, and so another."""
    process = int(worker_id.removeprefix("gw")) if worker_id != "master" else 0
    database = Database("sqlite", World.of(ARTICLES // 2 + 1 + process))
    database.make(lambda _text: None)
    yield database
    database.drop()


@pytest.mark.sqlite_only
def test_what_a_run_left_is_put_back_by_the_next(loaded: Database) -> None:
    # It is never left, as in a run that is killed.
    killed = kept(loaded, [3, 5])
    killed.__enter__()
    with loaded.engine(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("UPDATE article SET published_at = NULL")
        connection.exec_driver_sql("UPDATE article SET title = 'another' WHERE id IN (3, 5)")
        made = {"kind": "bulk", "endpoint": "article", "action": "publish", "length": 1}
        connection.execute(sa.insert(JOB).values(made))
        assert put_back(loaded) == list(KEPT)
        assert put_back(loaded) == []
        # Nobody takes up what it had begun.
        assert connection.scalar(sa.select(JOB.c.state)) == "cancelled"
    assert_as_loaded(loaded)


@pytest.mark.sqlite_only
def test_a_job_that_did_something_else_stops_the_run(loaded: Database) -> None:
    rows = Range(1, 10)
    with loaded.engine(isolation_level="AUTOCOMMIT").connect() as connection:
        others, at = rows.others(connection), utcnow().replace(microsecond=0)
        connection.execute(sa.update(ARTICLE).where(rows.here).values(published_at=at, version=2))
        rows.must_be(connection, at)
        assert rows.others(connection) == others
        connection.execute(sa.update(ARTICLE).where(ARTICLE.c.id == 11).values(version=2))
        assert rows.others(connection) != others
        with pytest.raises(WrongAnswer, match="0 of 10"):
            rows.must_be(connection, None)
        made = {"kind": "bulk", "endpoint": "article", "action": "publish", "length": 10, "created_at": at}
        done = {"state": "done", "changed": 9, "unchanged": 1, "started_at": at, "finished_at": at}
        job = connection.execute(sa.insert(JOB).values(**made, **done)).inserted_primary_key[0]
        with pytest.raises(WrongAnswer, match="not done with 10 changed"):
            told(connection, job, 10)
        with pytest.raises(WrongAnswer, match="tells of 0 rows"):
            history_tells(connection, job, rows, at)


@pytest.mark.sqlite_only
def test_tables_of_jobs_say_what_was_measured() -> None:
    mib = 1024 * 1024
    found = Jobs(stock_opens=0.0064)
    assert list(found.texts()) == []
    found.passes = [
        Pass("publish", 1000, 2.0, 1.0, 0.1, 0.2, 3, 100 * mib, 150 * mib, 120 * mib),
        Pass("withdraw", 1000, 4.0, 1.0, 0.1, 0.2, 3, 120 * mib, 125 * mib, 121 * mib, [123 * mib]),
    ]
    found.saves = [Saves("alone", [n / 100 for n in range(1, 101)]), Saves("beside", [], ["refused"], 5)]
    passes, saves = found.texts()
    assert " 0.50 |" in passes
    assert " 0.25 |" in passes
    # The first pass warms up.
    assert "level, 5 MiB" in passes
    assert "| 500 ms | 990 ms | 1,000 ms |   100 |      0 |" in saves
    assert found.same_here == 1.0
