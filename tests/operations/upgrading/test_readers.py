"""While the schema waits for a transaction that stays open, those who read go on; once that ends, it changes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.faults.processes import wait_for
from tests.operations.upgrading.conftest import Runners

USERS = """
user = op.create_table("user", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
op.bulk_insert(user, [{"id": n, "name": "somebody"} for n in range(1, 11)])
"""
ADDRESS = 'op.add_column("user", sa.Column("address", sa.String(200), nullable=True))'
WAITING = {
    "mysql": (
        "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE()"
        " AND state = 'Waiting for table metadata lock' AND info LIKE 'ALTER%'"
    ),
    "postgresql": (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE datname = current_database() AND NOT granted AND query LIKE 'ALTER%'"
    ),
}
# A reader who waits for as long as the transaction stays open fails by this.
IMPATIENT = {
    "mysql": "SET SESSION lock_wait_timeout = 20",
    "postgresql": "SET lock_timeout = '20s'",
}
READS = 3


@pytest.mark.server_only
def test_readers_go_on_while_an_upgrade_waits_for_an_open_transaction(
    url: str, backend: str, engine: sa.Engine, runners: Runners, revisions: Callable[..., str]
):
    assert runners.run(url, "upgrade", directory=revisions(USERS))[0] == 0
    directory = revisions(USERS, ADDRESS)
    user = sa.table("user", sa.column("id"))
    count = sa.select(sa.func.count()).select_from(user)
    with ThreadPoolExecutor(1) as pool, engine.connect() as holder, engine.connect() as looking:
        assert holder.scalar(count) == 10
        upgrade = pool.submit(runners.run, url, "upgrade", directory=directory)
        try:
            for _read in range(READS):
                wait_for(lambda: bool(asked(looking, WAITING[backend])))
                with engine.connect() as reader:
                    reader.exec_driver_sql(IMPATIENT[backend])
                    assert reader.scalar(count) == 10
                assert not upgrade.done()
        finally:
            holder.rollback()
        code, output = upgrade.result()
        assert code == 0, output
        assert "0002  waits for a lock that others hold" in output
        assert "The schema is at 0002" in output
        assert "address" in {column["name"] for column in sa.inspect(looking).get_columns("user")}


def asked(connection: sa.Connection, question: str) -> object:
    """The answer, and no transaction left open that the upgrade would wait for."""
    try:
        return connection.scalar(sa.text(question))
    finally:
        connection.rollback()
