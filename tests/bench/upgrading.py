"""How readers fare while users get their address and somebody's transaction stays open: by our upgrade, and without it.

On a database of its own, made anew each time: its schema ends before that revision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import sqlalchemy as sa

from tests.bench.client import WrongAnswer
from tests.bench.loading import Database
from tests.bench.product import Product
from tests.factories import NOON

BEFORE, AFTER = "0003", "0004"
PLAIN = "ADD COLUMN address VARCHAR(200)"
# Somebody's transaction, and readers who each ask for a row so often whether or not the one before was answered.
HELD_SECONDS, BRIEFLY, READERS, EVERY = 10.0, 2.0, 4, 0.02
SEEDS = 1_000
# What 99 of 100 reads are to be answered in.
GOAL = 1.5
USER = sa.table("user", *map(sa.column, ("id", "username", "email", "created_at", "updated_at", "version")))
Say = Callable[[str], object]


class Users(Database):
    """The database for this: as many users as there are articles elsewhere."""

    @property
    def name(self) -> str:
        return f"{super().name}_upgrade"


@dataclass
class Upgraded:
    """A way of adding the column: when each read was answered, from the moment at which it was due."""

    title: str
    users: int
    held: float
    seconds: float = 0.0
    reads: list[float] = field(default_factory=list)
    # Reads that are due later are none of it.
    until: float = inf

    def as_dict(self) -> dict[str, Any]:
        """For the file: every single time."""
        return {name: value for name, value in asdict(self).items() if name != "until"}

    def at(self, share: float) -> float:
        """So many of the reads took at most this."""
        return sorted(self.reads)[min(len(self.reads) - 1, int(share * len(self.reads)))]


def measure_upgrade(database: Database, folder: Path, rounds: int, say: Say) -> list[Upgraded]:
    """The column added by one statement as it stands, dropped again, and added by `flask db upgrade`."""
    held = HELD_SECONDS if rounds > 1 else BRIEFLY
    users, found = Users(database.backend, database.world), []
    product = Product(users.url, folder)
    users.drop()
    users._create()
    try:
        product.flask("db", "upgrade", BEFORE)
        say(f"  {database.world.articles:,} users without an address")
        fill(users)

        def plainly() -> None:
            alter(users, PLAIN)

        def upgrade() -> None:
            product.flask("db", "upgrade", AFTER)

        for title, change in (("`ALTER TABLE` by itself", plainly), ("`flask db upgrade`", upgrade)):
            say(f"  readers beside {title}")
            found.append(upgraded(users, title, change, held))
            if change is plainly:
                alter(users, "DROP COLUMN address")
    finally:
        users.drop()
    return found


def upgraded(users: Users, title: str, change: Callable[[], None], held: float) -> Upgraded:
    """Change the table beside readers and an open transaction; WrongAnswer unless it lands after that one's end."""
    result = Upgraded(title, users.world.articles, held)
    with ThreadPoolExecutor(1) as pool, reading(users, result), users.engine().connect() as holder:
        holder.execute(sa.select(USER.c.id).limit(1)).all()
        began = time.perf_counter()
        done = pool.submit(change)
        time.sleep(held)
        if done.done():
            raise WrongAnswer(f"{title} did not wait for the open transaction")
        holder.rollback()
        done.result()
        result.seconds = time.perf_counter() - began
    with users.engine().connect() as connection:
        if "address" not in {column["name"] for column in sa.inspect(connection).get_columns("user")}:
            raise WrongAnswer(f"{title} added no column")
    return result


@contextmanager
def reading(users: Users, result: Upgraded) -> Iterator[None]:
    """Readers, each with a connection of its own, at work meanwhile."""
    readers = [Thread(target=read, args=(users, number, result)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        result.until = time.perf_counter()
        for reader in readers:
            reader.join()


def read(users: Users, number: int, result: Upgraded) -> None:
    """One row after another at its time. A read that has to wait makes those late that are due after it."""
    chance = Random(number)  # noqa: S311 - which row is next is no secret
    with users.engine(isolation_level="AUTOCOMMIT").connect() as connection:
        due = time.perf_counter()
        while due < result.until:
            key = chance.randint(1, result.users)
            connection.execute(sa.select(USER.c.username).where(USER.c.id == key)).one()
            result.reads.append(time.perf_counter() - due)
            due += EVERY
            time.sleep(max(0.0, due - time.perf_counter()))


def fill(users: Users) -> None:
    """So many users, by the numbers of the first ones."""
    wanted = users.world.articles
    moments = {"created_at": NOON.replace(tzinfo=None), "updated_at": NOON.replace(tzinfo=None), "version": 1}
    first, second = USER.alias("first"), USER.alias("second")
    both = first.join(second, first.c.id.between(2, wanted // SEEDS) & (second.c.id <= SEEDS))
    number = (first.c.id - 1) * SEEDS + second.c.id
    name = sa.literal("user") + sa.cast(number, sa.String(20))
    columns = (number, name, name + sa.literal("@example.com"), second.c.created_at, second.c.updated_at, sa.literal(1))
    with users.engine().begin() as connection:
        seeds = range(1, min(SEEDS, wanted) + 1)
        rows = [{"id": n, "username": f"user{n}", "email": f"user{n}@example.com", **moments} for n in seeds]
        connection.execute(sa.insert(USER), rows)
        more = sa.select(*columns).select_from(both)
        connection.execute(sa.insert(USER).from_select([column.name for column in USER.columns], more))


def alter(users: Users, change: str) -> None:
    """Change the table by a statement that waits for as long as the server lets it."""
    with users.engine(isolation_level="AUTOCOMMIT").connect() as connection:
        table = connection.dialect.identifier_preparer.quote("user")
        connection.exec_driver_sql(f"ALTER TABLE {table} {change}")
