"""Checks of what stands beside the database's one server: the other nodes of its cluster, its replica."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from backoffice.database.servers import is_cluster
from backoffice.operations.checks.findings import Finding, Installation, database_check, ok, warn

SECTION = "Database"


@database_check(SECTION, "mysql", "mariadb")
def cluster(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """A Galera cluster goes on without any one of its nodes."""
    if not is_cluster(connection.connection):
        return
    size = int(connection.execute(sa.text("SHOW STATUS LIKE 'wsrep_cluster_size'")).one()[1])
    if size < 3:
        yield warn(f"Nodes of the Galera cluster that are up: {size}. When one of two fails, the other stops.",
                   "Have three, or an arbitrator beside two; start those that are down.")  # fmt: skip
    else:
        yield ok(f"A Galera cluster of {size} nodes.")


@database_check(SECTION, "mysql", "mariadb", "postgresql")
def replica(installation: Installation, _connection: sa.Connection) -> Iterator[Finding]:
    """The replica holds what was committed, so that lists are read from it."""
    if installation.replica is None:
        return
    if reason := installation.replica.why_not():
        yield warn(f"Lists are read from the primary, and not from the replica: {reason}.",
                   "Start the replica or mend its replication, or leave DATABASE_REPLICA_URL out.")  # fmt: skip
    else:
        yield ok("It holds what was committed until now: lists are read from it.")
