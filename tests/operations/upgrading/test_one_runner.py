"""Several upgrades at once are one: each revision runs once, everybody ends well, what others hold is waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.faults.processes import wait_for
from tests.operations.upgrading.conftest import Runners
from tests.operations.upgrading.test_readers import WAITING, asked

# The whole of it: UPGRADE_ROUNDS=20 pytest tests/operations/upgrading/test_one_runner.py
ROUNDS = int(os.environ.get("UPGRADE_ROUNDS", "2"))
SEED = """
seed = op.create_table("seed", sa.Column("id", sa.Integer, primary_key=True), sa.Column("word", sa.String(20)))
op.bulk_insert(seed, [{"id": n, "word": "one"} for n in range(1, 101)])
op.create_index("ix_seed_word", "seed", ["word"])
"""
SLOW = """
import time
op.execute("INSERT INTO seed (id, word) VALUES (1000, 'two')")
time.sleep(0.5)
op.add_column("seed", sa.Column("more", sa.String(20)))
"""


@pytest.mark.parametrize("times", range(ROUNDS))
def test_of_four_upgrades_one_does_the_work_and_all_end_well(
    times: int, url: str, engine: sa.Engine, runners: Runners, revisions: Callable[..., str]
):
    directory = revisions(SEED, SLOW)
    ended = runners.at_once([{"url": url, "arguments": ["upgrade"], "directory": directory}] * 4)
    assert [run["code"] for run in ended] == [0, 0, 0, 0], "\n".join(run["output"] for run in ended)
    assert sum("0002  Step 2" in run["output"] for run in ended) == 1, ended
    assert sum("The schema is at 0002: nothing to do" in run["output"] for run in ended) == 3, ended
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM seed")) == 101
        assert {"id", "word", "more"} == {column["name"] for column in sa.inspect(connection).get_columns("seed")}


def test_who_finds_the_schema_ready_does_not_wait(
    url: str, engine: sa.Engine, runners: Runners, revisions: Callable[..., str]
):
    directory = revisions(SEED)
    assert runners.run(url, "upgrade", directory=directory)[0] == 0
    code, output = runners.run(url, "upgrade", directory=directory)
    assert code == 0
    assert "The schema is at 0001: nothing to do." in output


@pytest.mark.server_only
def test_a_table_that_others_hold_is_waited_for_by_trying_again(
    url: str, backend: str, engine: sa.Engine, runners: Runners, revisions: Callable[..., str]
):
    assert runners.run(url, "upgrade", directory=revisions(SEED))[0] == 0
    count = sa.text("SELECT count(*) FROM seed")
    with ThreadPoolExecutor(1) as pool, engine.connect() as holder, engine.connect() as looking:
        holder.execute(count).all()
        upgrade = pool.submit(runners.run, url, "upgrade", directory=revisions(SEED, SLOW))
        try:
            for _time in range(2):
                wait_for(lambda: bool(asked(looking, WAITING[backend])))
                # Stands behind it, and is answered once it has given up.
                asked(looking, str(count))
        finally:
            holder.rollback()
        code, output = upgrade.result()
    assert code == 0, output
    assert "0002  waits for a lock that others hold" in output
    assert "at try" in output
    with engine.connect() as connection:
        # It was tried more than once; its row is there once.
        assert connection.scalar(sa.text("SELECT count(*) FROM seed WHERE id = 1000")) == 1
