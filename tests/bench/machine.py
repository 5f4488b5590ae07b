"""The machine and the versions that a run was made on, as sentences to keep beside its results."""

from __future__ import annotations

import os
import platform
import re
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sqlalchemy as sa

from tests.bench.loading import Database

PACKAGES = ("flask", "flask-admin", "sqlalchemy", "waitress", "django", "starlette-admin", "sqladmin", "uvicorn")


def described(database: Database) -> list[str]:
    """One line each: processor, system, packages, database, and how busy the machine is."""
    return [
        f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {os.cpu_count()} cores of {_processor()}, {_memory()}.",
        f"{platform.platform(terse=True)}, Python {platform.python_version()}; {', '.join(_packages())}.",
        _database(database),
        f"Load of the machine before: {_load()}.",
    ]


def _processor() -> str:
    with suppress(OSError):
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def _memory() -> str:
    with suppress(OSError, ValueError, AttributeError):
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.0f} GiB"
    return "memory unknown"


def _packages() -> list[str]:
    found = []
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return found


def _load() -> str:
    with suppress(OSError, AttributeError):
        return f"{os.getloadavg()[0]:.1f}"
    return "unknown"


def _database(database: Database) -> str:
    with database.engine().connect() as connection:
        if database.backend == "sqlite":
            said, room = f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar_one()}", ""
        elif database.backend == "postgresql":
            said = f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar_one()}"
            room = f", shared_buffers {connection.exec_driver_sql('SHOW shared_buffers').scalar_one()}"
        else:
            said = str(connection.exec_driver_sql("SELECT version()").scalar_one())
            pool = connection.exec_driver_sql("SELECT @@innodb_buffer_pool_size").scalar_one()
            room = f", buffer pool {int(pool) / 1024**3:.1f} GiB"
        users, links = (
            connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name)))
            for name in ("user", "info_user_collection")
        )
    return f"{said}{room}: {database.world.articles:,} articles, {users:,} users, {links:,} collection rows."
