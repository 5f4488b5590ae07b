"""What a page costs the database: statements, and rows that the storage engine handed out."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tests.bench.loading import Database
from tests.databases import server


@dataclass(frozen=True)
class Reading:
    """Differences between two looks at a counter; None where this database does not count it."""

    statements: int | None = None
    rows: int | None = None


class Meter:
    """Counts nothing: SQLite keeps no count."""

    # Seconds until the database has told of what went before.
    pause = 0.0

    def address(self, _contender: str) -> str:
        """The database's address for one contender."""
        return self.database.url

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextmanager
    def counting(self, _contender: str) -> Iterator[list[Reading]]:
        """A list that holds the reading when the block is over."""
        readings: list[Reading] = []
        yield readings
        readings.append(Reading())


class UserMeter(Meter):
    """MariaDB counts by account (`userstat`): an account for each contender, so that nobody else's work is counted."""

    def __init__(self, database: Database, connection: sa.Connection) -> None:
        super().__init__(database)
        self.connection, self.accounts = connection, dict[str, str]()

    def address(self, contender: str) -> str:
        if contender not in self.accounts:
            name, password = f"bench_{self.database.world.name}_{contender}", secrets.token_hex(16)
            self.connection.exec_driver_sql(f"CREATE OR REPLACE USER {name}@'%%' IDENTIFIED BY '{password}'")
            self.connection.exec_driver_sql(f"GRANT ALL ON {self.database.name}.* TO {name}@'%%'")
            url = sa.make_url(self.database.url).set(username=name, password=password)
            self.accounts[contender] = url.render_as_string(hide_password=False)
        return self.accounts[contender]

    @contextmanager
    def counting(self, contender: str) -> Iterator[list[Reading]]:
        name = sa.make_url(self.address(contender)).username
        before, readings = self._look(name), list[Reading]()
        yield readings
        after = self._look(name)
        readings.append(Reading(int(after[0] - before[0]), int(after[1] - before[1])))

    def _look(self, name: str | None) -> tuple[int, int]:
        found = self.connection.execute(
            sa.text(
                "SELECT select_commands + update_commands, rows_read "
                "FROM information_schema.user_statistics WHERE user = :name"
            ),
            {"name": name},
        ).first()
        return (found[0], found[1]) if found else (0, 0)

    def close(self) -> None:
        """Drop the accounts."""
        for url in self.accounts.values():
            self.connection.exec_driver_sql(f"DROP USER IF EXISTS {sa.make_url(url).username}@'%%'")


class PostgresMeter(Meter):
    """PostgreSQL counts rows by database; a connection tells its own at its first statement a second later."""

    pause = 1.1

    @contextmanager
    def counting(self, _contender: str) -> Iterator[list[Reading]]:
        time.sleep(self.pause)
        before, readings = self._look(), list[Reading]()
        yield readings
        time.sleep(self.pause)
        readings.append(Reading(None, self._look() - before))

    def _look(self) -> int:
        with server("postgresql").connect() as connection:
            found: Any = connection.execute(
                sa.text("SELECT tup_returned + tup_fetched FROM pg_stat_database WHERE datname = :name"),
                {"name": self.database.name},
            )
            return int(found.scalar_one())


@contextmanager
def meter_for(database: Database) -> Iterator[Meter]:
    """The best meter there is for a database; what it switches on is switched back."""
    if database.backend == "postgresql":
        yield PostgresMeter(database)
        return
    if database.backend == "mysql":
        with server("mysql").connect() as connection:
            was = _userstat(connection)
            if was is not None:
                meter = UserMeter(database, connection)
                try:
                    yield meter
                finally:
                    meter.close()
                    connection.exec_driver_sql(f"SET GLOBAL userstat = {was}")
                return
    yield Meter(database)


def _userstat(connection: sa.Connection) -> int | None:
    """What it was before it was switched on; None where MySQL has no such thing or we may not."""
    with suppress(sa.exc.DBAPIError):
        was = connection.exec_driver_sql("SELECT @@GLOBAL.userstat").scalar_one()
        connection.exec_driver_sql("SET GLOBAL userstat = 1")
        return int(was)
    return None
