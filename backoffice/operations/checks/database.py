"""Checks of any database: that it answers, which it is, its clock, and what its connections are told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from backoffice.database.clock import moment
from backoffice.database.limits import MYSQL
from backoffice.database.servers import servers_of
from backoffice.operations.checks.findings import Finding, Installation, database_check, fail, listed, ok, warn
from backoffice.operations.checks.settings import LOCAL

SECTION = "Database"
# The oldest versions that are served: docs/operations.md. SQLite's is that of FTS5 tables and UPDATE … RETURNING.
OLDEST = {"MariaDB": (10, 6), "MySQL": (8, 0), "PostgreSQL": (13,), "SQLite": (3, 35)}
# Clocks that differ by so many seconds show in the history, and by so many more in what is due.
NOTICED, HARMFUL = 2.0, 60.0


@database_check(SECTION)
def version(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """It answers, is one that is served, and takes writes."""
    name, number = product(connection)
    told, oldest = f"{name} {'.'.join(map(str, number[:3]))}", OLDEST[name]
    if number < oldest:
        yield fail(f"{told} is too old.", f"Upgrade it to {'.'.join(map(str, oldest))} or newer.")
    elif name == "SQLite" and not connection.scalar(sa.text("SELECT sqlite_compileoption_used('ENABLE_FTS5')")):
        yield fail(f"{told} has no full-text search.", "Run Python with an SQLite that has FTS5.")
    elif _takes_no_writes(connection):
        yield fail(
            f"{told} takes no writes: it is a replica, or set to read-only.", "Lead DATABASE_URL to the primary."
        )
    else:
        yield ok(f"{told} answers.")


def product(connection: sa.Connection) -> tuple[str, tuple[int, ...]]:
    """The database's name and version."""
    dialect = connection.dialect
    number = tuple(part for part in dialect.server_version_info or () if isinstance(part, int))
    if dialect.name == "sqlite":
        return "SQLite", sqlite3.sqlite_version_info
    if dialect.name in MYSQL:
        return ("MariaDB" if getattr(dialect, "is_mariadb", False) else "MySQL"), number
    return "PostgreSQL", number


def _takes_no_writes(connection: sa.Connection) -> bool:
    if connection.dialect.name in MYSQL:
        # A number, and on the newest MariaDB a word.
        return str(connection.scalar(sa.text("SELECT @@global.read_only"))) not in ("0", "OFF")
    return connection.dialect.name == "postgresql" and bool(connection.scalar(sa.text("SELECT pg_is_in_recovery()")))


@database_check(SECTION, "mysql", "mariadb", "postgresql")
def tls(installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """What goes over a network is encrypted."""
    url = installation.engine.url
    far = [str(server) for server in servers_of(url) if server.name not in LOCAL and not server.name.startswith("/")]
    if not far or "unix_socket" in url.query:
        yield ok("Not needed: the database is on this machine.")
        return
    if connection.dialect.name == "postgresql":
        encrypted = connection.scalar(sa.text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    else:
        encrypted = connection.execute(sa.text("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).one()[1]
    if encrypted:
        yield ok("Encrypted.")
    else:
        yield warn(f"What goes to {listed(far)} and back is not encrypted.",
                   "Add ssl_ca (PostgreSQL: sslmode=verify-full) to DATABASE_URL: docs/configuration.md.")  # fmt: skip


@database_check(SECTION, "mysql", "mariadb", "postgresql")
def clock(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Leases go by the database's clock, what is saved by this machine's."""
    before = datetime.now(UTC)
    there: datetime = connection.scalar(sa.select(moment()))
    after = datetime.now(UTC)
    apart = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if apart < NOTICED:
        yield ok("Agrees with this machine's.")
        return
    tell = fail if apart >= HARMFUL else warn
    yield tell(f"It is {apart:,.0f} seconds off this machine's.", "Let NTP keep both (timedatectl set-ntp true).")


# What each session has to be told; see database/connection.py and database/address.py.
SESSION = {
    "mysql": {"time_zone": "+00:00", "innodb_lock_wait_timeout": "15"},
    "postgresql": {"timezone": "UTC", "lock_timeout": "15s", "client_encoding": "UTF8"},
    "sqlite": {"foreign_keys": "1", "busy_timeout": "15000"},
}


@database_check(SECTION)
def session(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """A pooler or proxy in between has not thrown away what connections are told."""
    dialect = connection.dialect.name
    ask = {"postgresql": "SHOW {}", "sqlite": "PRAGMA {}"}.get(dialect, "SELECT @@session.{}")
    wanted = SESSION["mysql" if dialect in MYSQL else dialect]
    found = {name: str(connection.scalar(sa.text(ask.format(name)))) for name in wanted}
    if dialect in MYSQL and "STRICT_TRANS_TABLES" not in str(connection.scalar(sa.text("SELECT @@session.sql_mode"))):
        found["sql_mode"] = "not strict"
    wrong = [f"{name} is {value}" for name, value in found.items() if value != wanted.get(name)]
    if dialect != "sqlite" and (level := connection.get_isolation_level()) != "READ COMMITTED":
        wrong.append(f"the isolation level is {level}")
    if wrong:
        yield fail(f"Connections are not as they are told to be: {', '.join(wrong)}.",
                   "Let what stands between (a pooler, a proxy) give each client a session of its own.")  # fmt: skip
    else:
        yield ok(
            {"sqlite": "Foreign keys are enforced."}.get(dialect, "UTC, READ COMMITTED, lock waits end after 15 s.")
        )


@database_check(SECTION, "mysql", "mariadb", "postgresql")
def connections(installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """There is room for this process, and for another beside it during a deploy."""
    if connection.dialect.name == "postgresql":
        most, used = connection.execute(sa.text(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
            " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
        )).one()  # fmt: skip
    else:
        own = connection.scalar(sa.text("SELECT @@session.max_user_connections")) or 0
        most = min(filter(None, (connection.scalar(sa.text("SELECT @@global.max_connections")), own)))
        used = int(connection.execute(sa.text("SHOW GLOBAL STATUS LIKE 'Threads_connected'")).one()[1])
    needed = installation.settings.threads + 4
    told = f"{used} of {most} are in use; a process opens up to {needed}"
    if most < 2 * needed:
        yield warn(
            f"{told}: two cannot run beside each other.", "Raise the server's max_connections, or lower THREADS."
        )
    elif most - used < needed:
        yield warn(f"{told}: there is no room for one more.", "End what holds them, or raise max_connections.")
    else:
        yield ok(f"{told}.")
