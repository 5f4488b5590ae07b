"""DATABASE_URL: which database, through which driver, and how its pool behaves."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import sqlalchemy as sa

from backoffice.database.servers import CONNECT_SECONDS, SILENCE_SECONDS, servers_of
from backoffice.errors import ConfigurationError

DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
EXAMPLES = (
    "sqlite:////srv/backoffice.db, mysql://user:password@host:3306/backoffice "
    "or postgresql://user:password@host:5432/backoffice"
)
SEVERAL = "Write several servers like mysql://user:password@/backoffice?host=db1:3306&host=db2:3306."
# What may stand after the ? of a MySQL address. PyMySQL's ssl_verify_cert, ssl_verify_identity and ssl_disabled may
# not: given as text beside ssl_ca they switch checks off that they seem to switch on. ssl_ca alone checks both.
MYSQL_OPTIONS = {
    *("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname"),
    *("charset", "connect_timeout", "read_timeout", "write_timeout", "unix_socket", "host"),
}


def normalise_replica_url(address: str, primary: str) -> str:
    """The same of a replica, which is of the same kind as where is written."""
    try:
        found = normalise_database_url(address)
    except ConfigurationError as problem:
        raise ConfigurationError(problem.message.replace("DATABASE_URL", "DATABASE_REPLICA_URL")) from None
    kind = sa.make_url(primary).get_backend_name()
    if kind == "sqlite" or sa.make_url(found).get_backend_name() != kind:
        raise ConfigurationError(
            "DATABASE_REPLICA_URL and DATABASE_URL have to be two addresses of MariaDB, or two of PostgreSQL. "
            "Leave DATABASE_REPLICA_URL out to read everything from DATABASE_URL."
        )
    return found


def normalise_database_url(address: str) -> str:
    """The address with the driver this product uses; a ConfigurationError says what is wrong, never the password."""
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(f"DATABASE_URL cannot be read as an address. Write it like {EXAMPLES}.") from None
    if url.drivername not in DRIVERS:
        raise ConfigurationError(f"DATABASE_URL begins with {url.drivername!r}, which is not served. Write {EXAMPLES}.")
    if "@" in (url.host or ""):
        raise ConfigurationError("DATABASE_URL has an @ inside its user or password. Write it as %40.")
    url = url.set(drivername=DRIVERS[url.drivername])
    if url.get_backend_name() != "sqlite" and not url.database:
        raise ConfigurationError(f"DATABASE_URL names no database after the host. Write {EXAMPLES}.")
    _refuse_odd_servers(url)
    if url.get_backend_name() == "mysql":
        unknown = sorted(set(url.query) - MYSQL_OPTIONS)
        if unknown:
            raise ConfigurationError(
                f"DATABASE_URL has the option {unknown[0]!r}, which is not served. For TLS give ssl_ca: "
                "it checks the server's certificate and its name. docs/configuration.md has the others."
            )
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url.render_as_string(hide_password=False)


def _refuse_odd_servers(url: sa.URL) -> None:
    try:
        named = servers_of(url)
    except ValueError as problem:
        raise ConfigurationError(f"DATABASE_URL names a server {problem}, which is no host:port. {SEVERAL}") from None
    if url.get_backend_name() != "mysql":
        return
    if url.host and "host" in url.query:
        raise ConfigurationError(f"DATABASE_URL names servers before and after its question mark. {SEVERAL}")
    if any(server.name.startswith("/") for server in named):
        raise ConfigurationError("DATABASE_URL names a path as its host. For a socket write ?unix_socket=/the/path.")


# As libpq calls what database.servers sets on the sockets of PyMySQL.
SILENCE = {
    "tcp_user_timeout": SILENCE_SECONDS * 1000, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3,
}  # fmt: skip
# A Chinese character takes three bytes in JSON, and not the six of an escape.
WRITTEN = {"json_serializer": partial(json.dumps, ensure_ascii=False)}


def engine_options(address: str, threads: int) -> dict[str, Any]:
    """Arguments of create_engine: checked connections, a pool with room for every thread, waits that end."""
    url = sa.make_url(address)
    backend, connect_seconds = url.get_backend_name(), CONNECT_SECONDS if len(servers_of(url)) > 1 else 10
    if backend == "sqlite":
        return {"connect_args": {"timeout": 15}, "pool_pre_ping": True, "hide_parameters": True, **WRITTEN}
    options: dict[str, Any] = {
        **WRITTEN,
        # What people typed stands in the parameters: it belongs in no error text and no log.
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": threads,
        # The one that was used last: its session is the warmest there, and those that are not needed rest.
        "pool_use_lifo": True,
        "max_overflow": 4,
        "pool_timeout": 10,
        "pool_recycle": 1800,
    }
    if backend == "mysql":
        options["connect_args"] = {"connect_timeout": connect_seconds}
        options["isolation_level"] = "READ COMMITTED"
        # `database.connection` does that, and only where there is something to roll back.
        options["pool_reset_on_return"] = None
    else:
        options["connect_args"] = {
            "connect_timeout": connect_seconds,
            **{name: value for name, value in SILENCE.items() if name not in url.query},
            "options": "-c timezone=UTC -c lock_timeout=15s",
            # A statement prepared before a migration fails after it; connections outlive migrations here.
            "prepare_threshold": None,
        }
    return options
