"""The databases tests run on: one per test process on each server that answers, dropped at the end."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import flask_migrate
import sqlalchemy as sa
from flask import Flask

from backoffice import create_app
from backoffice.config import Settings
from backoffice.database.address import normalise_database_url
from backoffice.extensions import db
from backoffice.models import Model

BACKENDS = ("sqlite", "mysql", "postgresql")
SERVERS = {
    "mysql": os.environ.get("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306"),
    "postgresql": os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432"),
}
LABELS = {"mysql": "MariaDB or MySQL", "postgresql": "PostgreSQL"}
# The cheapest argon2 there is: tests make hundreds of accounts and guard nobody's secret.
TEST_CONFIG = {
    "WTF_CSRF_ENABLED": False,
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__rounds": 1,
        "argon2__memory_cost": 64,
        "argon2__parallelism": 1,
    },
}


@cache
def why_absent(backend: str) -> str | None:
    """None where the server answers, else the reason why its tests cannot run."""
    if backend == "sqlite":
        return None
    try:
        engine = server(backend)
        with engine.connect():
            return None
    except sa.exc.DBAPIError as problem:
        reason = str(problem.orig).strip().splitlines()[0]
        address = sa.make_url(SERVERS[backend]).render_as_string(hide_password=True)
        return f"{address} does not answer: {reason}"


def server(backend: str) -> sa.Engine:
    """A connection to the server itself, to make and drop databases with."""
    # PostgreSQL wants a database even to make another one; MySQL does not, but our addresses name one.
    home = {"mysql": "mysql", "postgresql": "postgres"}[backend]
    url = sa.make_url(normalise_database_url(_address(backend, home)))
    return sa.create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args={"connect_timeout": 3}
    )


def _address(backend: str, database: str) -> str:
    return sa.make_url(SERVERS[backend]).set(database=database).render_as_string(hide_password=False)


class Databases:
    """Makes databases on demand and drops them all when the session ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[tuple[str, str]] = []
        self.apps: dict[str, Flask] = {}
        self.passing: list[Flask] = []

    def create(self, backend: str) -> str:
        """The address of a new, empty database."""
        name = f"backoffice_test_{uuid4().hex[:12]}"
        if backend == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        engine = server(backend)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        self.made.append((backend, name))
        return _address(backend, name)

    def make_app(self, url: str, extra: dict[str, Any] | None = None, **settings: Any) -> Flask:
        """An application of its own on the database at `url`; `extra` is Flask configuration."""
        given = {
            "database_url": url,
            "secret_key": "a secret for tests only",
            "password_salt": "a salt for tests only",
            "instance_path": self.folder,
            "slow_statement_ms": 0,  # on a machine as busy as a test's, any may be one
            "testing": True,
            "extra": {**TEST_CONFIG, **(extra or {})},
            **settings,
        }
        app = create_app(Settings(**given))
        # What statements a page takes is counted; that this process is at work is told in tests of its own.
        app.extensions["backoffice.pulse"].next = float("inf")
        self.passing.append(app)
        return app

    def app(self, backend: str) -> Flask:
        """The session's shared application on a migrated database, emptied of rows."""
        if backend not in self.apps:
            app = self.make_app(self.create(backend))
            with app.app_context():
                flask_migrate.upgrade()
                app.extensions["tests.fill"] = _remember(db.engine)
            self.passing.remove(app)
            self.apps[backend] = app
        app = self.apps[backend]
        with app.app_context():
            _restore(db.engine, app.extensions["tests.fill"])
        return app

    def hang_up(self) -> None:
        """Close the connections of the applications that a test made for itself: a server has a hundred for all."""
        while self.passing:
            _hang_up(self.passing.pop())

    def drop_all(self) -> None:
        """Close every connection and drop every database."""
        self.hang_up()
        for app in self.apps.values():
            _hang_up(app)
        # Each waits for its server's disk, most of a second; many that wait at once hardly take longer.
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(_drop, self.made))


def _drop(made: tuple[str, str]) -> None:
    backend, name = made
    with server(backend).connect() as connection:
        force = " WITH (FORCE)" if backend == "postgresql" else ""
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


def _hang_up(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


Fill = list[tuple[sa.Table, list[dict[str, Any]]]]


def _remember(engine: sa.Engine) -> Fill:
    """Each migrated table, parents first, with the rows that the migrations themselves put there."""
    with engine.connect() as connection:
        present = set(sa.inspect(connection).get_table_names())
        return [
            (table, [dict(row) for row in connection.execute(sa.select(table)).mappings()])
            for table in Model.metadata.sorted_tables
            if table.name in present
        ]


def _restore(engine: sa.Engine, fill: Fill) -> None:
    """Put the database back to what the migrations left, in one transaction."""
    with engine.begin() as connection:
        for table, _ in reversed(fill):
            connection.execute(sa.delete(table))
        for table, rows in fill:
            if rows:
                connection.execute(sa.insert(table), rows)
