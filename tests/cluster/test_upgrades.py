"""Upgrades by way of different nodes are one, whoever of them is killed: the runner, or the node it works on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cluster.nodes import EVERYTHING, NODES, Cluster
from tests.faults.processes import wait_for
from tests.operations.upgrading.conftest import Runners
from tests.operations.upgrading.test_one_runner import SEED, SLOW

# The whole of it: CLUSTER=all UPGRADE_ROUNDS=20 pytest tests/cluster
ROUNDS = int(os.environ.get("UPGRADE_ROUNDS", "1"))
LONG = """
import os, time
op.execute("INSERT INTO seed (id, word) VALUES (1000, 'two')")
op.execute("CREATE TABLE at_work AS SELECT 1 AS id")
# The plan reads the revision as well.
at_work = not op.get_context().as_sql
if at_work and os.path.exists({mark!r}):
    with open({mark!r}, "w") as mark:
        mark.write(str(os.getpid()))
while at_work and os.path.exists({mark!r}):
    time.sleep(0.1)
op.add_column("seed", sa.Column("more", sa.String(20)))
"""


def check(cluster: Cluster, database: str) -> None:
    """Each node has the schema, and each row once."""
    for node in cluster.nodes:
        wait_for(node.is_synced, 60)
        assert node.ask("SELECT count(*) FROM seed", database) == [(101,)]
        assert node.ask("SELECT version_num FROM alembic_version", database) == [("0002",)]
        assert len(node.ask("SHOW COLUMNS FROM seed", database)) == 3
        assert node.ask("SELECT * FROM upgrade_lease", database) == []


@pytest.mark.parametrize("times", range(ROUNDS))
def test_of_four_upgrades_by_different_nodes_one_does_the_work_and_all_end_well(
    times: int, cluster: Cluster, database: str, runners: Runners, revisions: Callable[..., str]
) -> None:
    directory = revisions(SEED, SLOW)
    orders = [[(number + place) % NODES for place in range(NODES)] for number in range(4)]
    ended = runners.at_once(
        [
            {"url": cluster.address(database, *order), "arguments": ["upgrade"], "directory": directory}
            for order in orders
        ]
    )
    assert [run["code"] for run in ended] == [0, 0, 0, 0], "\n".join(run["output"] for run in ended)
    assert sum("0002  Step 2" in run["output"] for run in ended) == 1, ended
    assert sum("The schema is at 0002: nothing to do" in run["output"] for run in ended) == 3, ended
    check(cluster, database)


@pytest.mark.parametrize("killed", ["runner", "node"] if EVERYTHING else ["runner"])
def test_an_upgrade_survives_its_runner_and_its_node(
    killed: str, cluster: Cluster, database: str, runners: Runners, revisions: Callable[..., str], tmp_path: Any
) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    directory = revisions(SEED, LONG.format(mark=str(mark)))
    run: dict[str, Any] = {"arguments": ["upgrade"], "directory": directory}
    with ThreadPoolExecutor(1) as pool:
        runs = pool.submit(
            runners.at_once, [run | {"url": cluster.address(database, n, (n + 1) % 3)} for n in range(2)]
        )
        try:
            wait_for(lambda: bool(mark.read_text()))
            if killed == "runner":
                os.kill(int(mark.read_text()), signal.SIGKILL)
            else:
                [(held,)] = cluster.nodes[2].ask("SELECT node FROM upgrade_lease", database)
                cluster.nodes[int(str(held)[-1])].process.kill()
        finally:
            mark.unlink()
        ended = runs.result()
    codes = sorted(run["code"] for run in ended)
    assert codes == ([-signal.SIGKILL, 0] if killed == "runner" else [0, 0]), "\n".join(run["output"] for run in ended)
    assert any("gone on after step" in run["output"] for run in ended)
    for node in cluster.nodes:
        if node.process.running is None:
            cluster.join(node)
    check(cluster, database)
