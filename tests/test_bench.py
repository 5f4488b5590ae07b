"""The benchmark runs, and would notice a wrong answer: every page and file is compared with SQL's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.bench.client import WrongAnswer
from tests.bench.contenders import floor
from tests.bench.loading import COLUMNS, Database
from tests.bench.measuring import address_of, seated
from tests.bench.meters import meter_for
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


def test_everybody_answers_as_sql_does(database: Database, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    database_name = {"mysql": "mariadb"}.get(database.backend, database.backend)
    # The servers' counters take their time to tell, so there a few of them do.
    few = {"mysql": {"newest", "end", "rare", "save"}, "postgresql": {"rare", "save"}}
    keys = few.get(database.backend, {task.key for task in (*TASKS, *FORMS)})
    only = ",".join([*keys, "csv"])
    options = ["--database", database_name, "--articles", str(ARTICLES), "--rounds", "1", "--only", only]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench", *options, "--json", str(told)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    results = json.loads(told.read_text())
    asked = {(run["contender"], run["task"]) for run in results["lists"]}
    assert asked == {(who, task) for task in keys for who in WHO - LEFT_OUT.get(task, set())}
    ours = [run for run in results["lists"] if run["contender"] == "product"]
    if database.backend == "mysql":
        # Of a save two are its triggers', which keep the search index.
        assert all(0 < run["statements"] <= (10 if run["task"] == "save" else 5) for run in ours)
    assert {run["contender"] for run in results["exports"]} == {"product", "stock", "uncounted", "floor"}
    assert "search, a word in 0.1 % of titles" in ran.stdout
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
