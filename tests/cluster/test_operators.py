"""What operators are told of a cluster, and what every connection into it sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from backoffice.database.address import engine_options, normalise_database_url
from backoffice.database.connection import prepare_connections
from tests.cluster.nodes import Cluster
from tests.faults.processes import wait_for
from tests.operations.upgrading.conftest import Runners
from tests.operations.upgrading.test_one_runner import SEED

INDEX = 'op.create_index("ix_seed_id_word", "seed", ["id", "word"])'


def engine_of(cluster: Cluster, database: str, *order: int) -> sa.Engine:
    """As the product makes one."""
    address = normalise_database_url(cluster.address(database, *order))
    engine = sa.create_engine(address, **engine_options(address, threads=2))
    prepare_connections(engine)
    return engine


def test_what_was_saved_by_one_node_is_seen_by_another(cluster: Cluster, database: str) -> None:
    one, another = engine_of(cluster, database, 0), engine_of(cluster, database, 1)
    with one.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE word (id INTEGER PRIMARY KEY, number INTEGER)")
        connection.exec_driver_sql("INSERT INTO word VALUES (1, 0)")
    for number in range(1, 200):
        with one.begin() as writing:
            writing.exec_driver_sql("UPDATE word SET number = %s WHERE id = 1", (number,))
        with another.begin() as reading:
            assert reading.exec_driver_sql("SELECT number FROM word WHERE id = 1").scalar() == number
    one.dispose()
    another.dispose()


def test_a_node_without_its_cluster_is_left(cluster: Cluster, database: str) -> None:
    engine = engine_of(cluster, database, 2, 0, 1)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT @@wsrep_node_name")) == "node2"
    # As where the network between the nodes breaks: it is there, and answers to nothing but SHOW.
    alone = "SET GLOBAL wsrep_provider_options = 'gmcast.isolate={}'"
    cluster.nodes[2].ask(alone.format(1))
    try:
        wait_for(lambda: cluster.nodes[2].ask("SHOW STATUS LIKE 'wsrep_ready'")[0][1] == "OFF")
        with pytest.raises(sa.exc.OperationalError), engine.connect() as connection:
            connection.scalar(sa.text("SELECT count(*) FROM information_schema.tables"))
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT @@wsrep_node_name")) == "node0"
    finally:
        cluster.nodes[2].ask(alone.format(0))
        wait_for(cluster.nodes[2].is_synced, 60)
        engine.dispose()


def test_the_plan_says_that_a_change_holds_up_the_whole_cluster(
    cluster: Cluster, database: str, runners: Runners, revisions: Callable[..., str]
) -> None:
    assert runners.run(cluster.address(database), "upgrade", directory=revisions(SEED))[0] == 0
    code, output = runners.run(cluster.address(database), "plan", directory=revisions(SEED, INDEX))
    assert code == 0, output
    assert "it holds up every write to every table meanwhile" in " ".join(output.split())
