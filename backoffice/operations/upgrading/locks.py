"""One runner at a time. The lock belongs to the very connection that changes the schema.

So it is held for as long as the server still works on a statement of a runner that was killed, and not a moment
longer. Nobody waits for it inside the database, where that would stand in the way of CREATE INDEX CONCURRENTLY.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from backoffice.database.limits import MYSQL
from backoffice.database.servers import is_cluster
from backoffice.errors import ConfigurationError
from backoffice.operations.upgrading.lease import Lease


class Lock(Protocol):
    """The right to change the schema."""

    def take(self) -> bool:
        """Take it if it is free."""
        ...

    def is_held(self) -> bool:
        """Whether it is still this runner's."""
        ...

    def release(self) -> None:
        """Give it back; where the connection broke, that has been done."""
        ...


def lock_of(connection: sa.Connection) -> Lock:
    """The lock of the database that this connection leads to."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        return _FileLock(connection)
    if dialect not in MYSQL:
        return _AdvisoryLock(connection)
    named = NamedLock(connection)
    return Lease(connection, named) if is_cluster(connection.connection) else named


class NamedLock:
    """GET_LOCK of MySQL and MariaDB; it outlives commits."""

    def __init__(self, connection: sa.Connection) -> None:
        self.ask = _asking(connection)
        # At most 64 characters, and one server has many databases.
        name = f"backoffice.{connection.engine.url.database}"
        self.name = {"name": f"upgrade.{hashlib.sha256(name.encode()).hexdigest()[:40]}"}

    def take(self) -> bool:
        return bool(self.ask(sa.text("SELECT GET_LOCK(:name, 0)").bindparams(**self.name)))

    def is_held(self) -> bool:
        return bool(self.ask(sa.text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()").bindparams(**self.name)))

    def release(self) -> None:
        self.ask(sa.text("SELECT RELEASE_LOCK(:name)").bindparams(**self.name))


class _AdvisoryLock:
    """An advisory lock of PostgreSQL, which is of one database and of a session, whatever its transactions do."""

    KEY = int.from_bytes(b"backoffi", "big", signed=True)

    def __init__(self, connection: sa.Connection) -> None:
        self.ask = _asking(connection)

    def take(self) -> bool:
        return bool(self.ask(sa.text(f"SELECT pg_try_advisory_lock({self.KEY})")))

    def is_held(self) -> bool:
        return bool(self.ask(sa.text(_HELD).bindparams(key=self.KEY)))

    def release(self) -> None:
        self.ask(sa.text(f"SELECT pg_advisory_unlock({self.KEY})"))


_HELD = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND (classid::bigint << 32 | objid::bigint) = :key
"""


class _FileLock:
    """A file beside the SQLite database, itself one, that is locked by whoever upgrades and let go when that ends."""

    def __init__(self, connection: sa.Connection) -> None:
        database = connection.engine.url.database
        in_memory = database in (None, "", ":memory:") or "mode=memory" in str(database)
        self.path = None if in_memory else Path(f"{database}-upgrade")
        self.held: sqlite3.Connection | None = None

    def take(self) -> bool:
        if self.path is None:
            return True
        if self.path.exists() and not os.access(self.path, os.W_OK):
            # SQLite would lock nothing, and not say so.
            raise self._refusal("it may only be read")
        try:
            attempt = sqlite3.connect(self.path, timeout=0, isolation_level=None)
            with ExitStack() as failed:
                failed.callback(attempt.close)
                attempt.execute("BEGIN EXCLUSIVE")
                failed.pop_all()
        except sqlite3.Error as problem:
            if problem.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                return False
            raise self._refusal(str(problem)) from None
        self.held = attempt
        return True

    def _refusal(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path}, which keeps two upgrades apart, cannot be locked ({why}). "
            "Give it to the account that upgrades, or delete it while nobody does; then upgrade again."
        )

    def is_held(self) -> bool:
        return self.path is None or self.held is not None

    def release(self) -> None:
        if self.held is not None:
            self.held.close()
            self.held = None


def _asking(connection: sa.Connection) -> Callable[[sa.TextClause], object]:
    """Ask in no transaction: none may stay open between two questions, and none that has failed answers."""

    def ask(question: sa.TextClause) -> object:
        if connection.invalidated:
            return None
        connection.rollback()
        try:
            return connection.scalar(question)
        finally:
            if not connection.invalidated:
                connection.rollback()

    return ask
