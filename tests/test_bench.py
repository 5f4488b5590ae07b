"""The benchmark runs, and would notice a wrong answer: every page and file is compared with SQL's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.client import WrongAnswer
from tests.bench.contenders import floor
from tests.bench.loading import Database
from tests.bench.measuring import address_of, seated
from tests.bench.meters import meter_for
from tests.bench.tasks import TASKS
from tests.bench.world import World
from tests.documents import ROOT

ARTICLES = 400


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
    few = {"mysql": {"newest", "end", "rare"}, "postgresql": {"rare"}}
    keys = few.get(database.backend, {task.key for task in TASKS})
    only = ",".join([*keys, "csv"])
    options = ["--database", database_name, "--articles", str(ARTICLES), "--rounds", "1", "--only", only]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench", *options, "--json", str(told)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    results = json.loads(told.read_text())
    asked = {(run["contender"], run["task"]) for run in results["lists"]}
    assert asked == {(who, task) for who in ("product", "stock", "uncounted", "floor") for task in keys}
    ours = [run for run in results["lists"] if run["contender"] == "product"]
    if database.backend == "mysql":
        assert all(0 < run["statements"] <= 5 for run in ours)
    assert {run["contender"] for run in results["exports"]} == {"product", "stock", "uncounted", "floor"}
    assert "search, a word in 0.1 % of titles" in ran.stdout


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
