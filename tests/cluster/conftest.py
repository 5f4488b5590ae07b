"""The cluster is started once for a test process; each test has a database of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.cluster.nodes import Cluster, make_cluster
from tests.faults.conftest import folder, open_folder
from tests.operations.upgrading.conftest import revisions, runners

__all__ = ["folder", "revisions", "runners"]


@pytest.fixture(scope="session")
def running_cluster() -> Iterator[Cluster]:
    """Three nodes, all of them synced."""
    with open_folder() as home:
        made = make_cluster(home)
        if made is None:
            pytest.skip("no MariaDB with Galera and rsync to start was found")
        try:
            made.start()
            yield made
        finally:
            made.end()


@pytest.fixture
def cluster(running_cluster: Cluster) -> Iterator[Cluster]:
    """The same; who was killed has joined again after the test."""
    yield running_cluster
    for node in running_cluster.nodes:
        if node.process.running is None:
            running_cluster.join(node)


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The name of an empty database, which goes with the cluster."""
    name = f"backoffice_test_{uuid4().hex[:12]}"
    cluster.nodes[0].ask(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
    return name
