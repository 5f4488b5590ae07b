"""DATABASE_URL: which addresses are served, through which driver, and what a wrong one says."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from time import monotonic
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import servers
from backoffice.database.address import engine_options, normalise_database_url, normalise_replica_url
from backoffice.database.connection import prepare_connections
from backoffice.database.servers import Server, servers_of
from backoffice.errors import ConfigurationError
from backoffice.extensions import db
from tests.faults.processes import free_port


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///a.db", "sqlite+pysqlite:///a.db"),
        ("mysql://u:p@h:3306/db", "mysql+pymysql://u:p@h:3306/db?charset=utf8mb4"),
        ("mysql+pymysql://u:p@h/db", "mysql+pymysql://u:p@h/db?charset=utf8mb4"),
        ("mariadb://h/db", "mysql+pymysql://h/db?charset=utf8mb4"),
        ("mysql://h/db?charset=latin1", "mysql+pymysql://h/db?charset=utf8mb4"),
        ("mysql://u:p@/db?host=a:1&host=b", "mysql+pymysql://u:p@/db?charset=utf8mb4&host=a%3A1&host=b"),
        ("postgres://h/db", "postgresql+psycopg://h/db"),
        ("postgresql://u@/db?host=a:1&host=b", "postgresql+psycopg://u@/db?host=a%3A1&host=b"),
        ("postgresql://u:p@h:5432/db", "postgresql+psycopg://u:p@h:5432/db"),
        ("postgresql+psycopg://h/db", "postgresql+psycopg://h/db"),
    ],
)
def test_an_address_is_served_by_our_driver(given: str, used: str) -> None:
    assert normalise_database_url(given) == used


def test_a_password_with_signs_survives() -> None:
    url = sa.make_url(normalise_database_url("mysql://u:p%40ss%2Fw%3Ard@h/db"))
    assert url.password == "p@ss/w:rd"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "backoffice",
        "mysql:/u:hunter2@h/db",
        "mysql://u:hunter2@h:port/db",
        "oracle://u:hunter2@h/db",
        "mysql+mysqldb://u:hunter2@h/db",
        "mysql://u:hunter2@h",
        "mysql://u:hunter2@h/",
        "postgresql://u:hunter2@h:5432",
    ],
)
def test_a_wrong_address_is_refused_in_a_sentence_without_the_password(wrong: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        normalise_database_url(wrong)
    assert refusal.value.message.startswith("DATABASE_URL ")
    assert "mysql://user:password@host:3306/backoffice" in refusal.value.message
    assert "hunter2" not in refusal.value.message


@pytest.mark.parametrize("driver", ["mysql+pymysql", "postgresql+psycopg"])
def test_the_pool_has_a_connection_for_every_thread(driver: str) -> None:
    options = engine_options(f"{driver}://h/db", threads=20)
    assert options["pool_size"] == 20
    assert options["pool_pre_ping"]
    assert options["pool_timeout"] <= 30


def test_every_database_holds_foreign_keys_and_full_unicode(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        emoji = connection.scalar(sa.select(sa.literal("文章 📚")))
        assert emoji == "文章 📚"
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(
                sa.text(
                    "INSERT INTO article (title, content, user_id, created_at, updated_at) "
                    "VALUES ('t', '', 4711, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
                )
            )


@pytest.mark.sqlite_only
def test_sqlite_writes_ahead_and_waits(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15000}


@pytest.mark.mysql_only
def test_a_moment_is_read_to_the_microsecond_and_one_of_noughts_as_text(app: Flask) -> None:
    read = sa.text(
        "SELECT CAST('2026-01-05 10:11:12.123456' AS DATETIME(6)), CAST('2026-01-05 10:11:12.12' AS DATETIME(2)), "
        "CAST('1000-01-01 00:00:00' AS DATETIME), created, noughts, nothing FROM moments"
    )
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(sa.text("SET SESSION sql_mode = ''"))
        connection.execute(
            sa.text("CREATE TEMPORARY TABLE moments (created TIMESTAMP(3) NULL, noughts DATETIME, nothing DATETIME)")
        )
        connection.execute(sa.text("INSERT INTO moments VALUES ('2026-01-05 10:11:12.5', '0000-00-00', NULL)"))
        assert tuple(connection.execute(read).one()) == (
            datetime(2026, 1, 5, 10, 11, 12, 123456),  # noqa: DTZ001 - the database's are naive
            datetime(2026, 1, 5, 10, 11, 12, 120000),  # noqa: DTZ001 - as above
            datetime(1000, 1, 1),  # noqa: DTZ001 - as above
            datetime(2026, 1, 5, 10, 11, 12, 500000),  # noqa: DTZ001 - as above
            "0000-00-00 00:00:00",
            None,
        )
        connection.invalidate()


@pytest.mark.parametrize("option", ["ssl_verify_cert=true", "ssl_verify_identity=true", "ssl_disabled=false", "x=1"])
def test_options_that_would_switch_checks_off_unseen_are_refused(option: str) -> None:
    with pytest.raises(ConfigurationError, match=option.partition("=")[0]):
        normalise_database_url(f"mysql://u:p@h/db?ssl_ca=/ca.pem&{option}")


def test_a_certificate_authority_makes_mysql_check_the_certificate_and_the_name() -> None:
    url = sa.make_url(normalise_database_url("mysql://u:p@h/db?ssl_ca=/ca.pem"))
    _args, given = url.get_dialect()().create_connect_args(url)
    assert given["ssl"] == {"ca": "/ca.pem"}
    loose = sa.make_url(normalise_database_url("mysql://u:p@h/db?ssl_ca=/ca.pem&ssl_check_hostname=false"))
    _args, given = loose.get_dialect()().create_connect_args(loose)
    assert given["ssl"] == {"ca": "/ca.pem", "check_hostname": False}


def test_an_unescaped_at_sign_in_a_password_is_told_and_not_printed() -> None:
    with pytest.raises(ConfigurationError, match="%40") as refusal:
        normalise_database_url("mysql://u:s3c@r3t@host/x")
    assert "r3t" not in refusal.value.message


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("mysql://h/db", ["h"]),
        ("mysql://h:3307/db", ["h:3307"]),
        ("mysql://[::1]:3307/db", ["[::1]:3307"]),
        ("mysql://u:p@/db?host=a:1&host=[fe80::2]:3&host=b", ["a:1", "[fe80::2]:3", "b"]),
        ("postgresql:///db?host=/run/postgresql", ["/run/postgresql"]),
        ("sqlite:///a.db", []),
    ],
)
def test_an_address_names_its_servers_in_their_order(address: str, named: list[str]) -> None:
    assert [str(server) for server in servers_of(sa.make_url(normalise_database_url(address)))] == named


@pytest.mark.parametrize("wrong", ["host=a:b", "host=a,b", "host=u@h", "host=a:", "host=/run/mysqld.sock"])
def test_a_server_that_cannot_be_read_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL names a") as refusal:
        normalise_database_url(f"mysql://u:hunter2@/db?{wrong}")
    assert "hunter2" not in refusal.value.message


def test_servers_on_both_sides_of_the_question_mark_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="before and after"):
        normalise_database_url("mysql://u:p@h/db?host=a&host=b")


@pytest.mark.server_only
def test_a_server_that_vanished_is_given_up_within_seconds(app: Flask, backend: str) -> None:
    with app.app_context(), db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        number = driver.fileno() if backend == "postgresql" else driver._sock.fileno()
        wire = socket.socket(fileno=os.dup(number))
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == servers.SILENCE_SECONDS * 1000
        wire.close()


def at(url: sa.URL, *named: Server) -> sa.URL:
    """The same address on these servers."""
    query = {**url.query, "host": [str(server) for server in named]}
    return sa.URL.create(url.drivername, url.username, url.password, database=url.database, query=query)


@pytest.mark.mysql_only
def test_servers_are_asked_in_turn_and_the_first_again_once_it_has_rested(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sa.make_url(normalise_database_url(app.extensions["backoffice"].database_url))
    down, up = Server("127.0.0.1", free_port()), Server(str(url.host), url.port)
    asked: list[int] = []
    real = pymysql.connect

    def connect(*arguments: object, **named: object) -> object:
        asked.append(int(str(named["port"])))
        return real(*arguments, **named)  # type: ignore[arg-type]  # as it was called

    engine = sa.create_engine(at(url, down, up), poolclass=sa.NullPool)
    prepare_connections(engine)
    monkeypatch.setattr(engine.dialect.loaded_dbapi, "connect", connect)
    for _time in range(2):
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
    assert asked == [down.port, up.port or 3306, up.port or 3306]
    monkeypatch.setattr(servers, "monotonic", lambda: monotonic() + servers.REST_SECONDS + 1)
    with engine.connect():
        assert asked[3:] == [down.port, up.port or 3306]


@pytest.mark.mysql_only
def test_a_wrong_password_is_told_and_no_other_server_asked(app: Flask) -> None:
    url = sa.make_url(normalise_database_url(app.extensions["backoffice"].database_url))
    here = str(Server(str(url.host), url.port))
    several = url.set(host=None, port=None, username="nobody", password="wrong")
    engine = sa.create_engine(several.update_query_dict({"host": [here, "127.0.0.1:1"]}), poolclass=sa.NullPool)
    prepare_connections(engine)
    with pytest.raises(sa.exc.OperationalError, match=r"1045|1698"):
        engine.connect()


@pytest.mark.parametrize("primary", ["sqlite:///a.db", "postgresql://h/db"])
def test_a_replica_is_of_the_kind_that_is_written_to(primary: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_REPLICA_URL and DATABASE_URL"):
        normalise_replica_url("mysql://u:hunter2@h/db", primary)


def test_a_replica_that_cannot_be_read_is_refused_by_its_own_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_REPLICA_URL begins with") as refusal:
        normalise_replica_url("oracle://u:hunter2@h/db", "mysql://h/db")
    assert "hunter2" not in refusal.value.message
