"""What becomes of a connection when it goes back into the pool."""

from __future__ import annotations

from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from backoffice.database.pinging import ask_first
from backoffice.extensions import db


def emptied(app: Flask) -> sa.Engine:
    """The engine with nothing in its pool, of which the next connection is then the only one."""
    with app.app_context():
        db.engine.dispose()
        return db.engine


def test_what_nobody_committed_is_gone_with_the_connection(app: Flask) -> None:
    engine = emptied(app)
    connection = engine.raw_connection()
    driver = connection.driver_connection
    cursor = connection.cursor()
    cursor.execute("INSERT INTO role (name, permissions) VALUES ('never', '')")
    cursor.close()
    connection.close()
    with engine.connect() as again:
        assert again.connection.driver_connection is driver
        assert again.scalar(sa.text("SELECT count(*) FROM role WHERE name = 'never'")) == 0


@pytest.mark.mysql_only
def test_a_page_is_rolled_back_once(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.get("/admin/article/")
    rollbacks: list[object] = []
    real = pymysql.connections.Connection.rollback
    monkeypatch.setattr(
        pymysql.connections.Connection, "rollback", lambda self: (rollbacks.append(self), real(self))[1]
    )
    admin.get("/admin/article/")
    assert len(rollbacks) == 1


def end_the_one_in_the_pool(engine: sa.Engine) -> None:
    """End the connection that waits in the pool, as a server does that is started again."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
    if engine.dialect.name == "mysql":
        driver._sock.close()
    else:
        driver.close()


@pytest.fixture
def pings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The connections that were tried before they were used."""
    with app.app_context():
        dialect = db.engine.dialect
    tried: list[object] = []
    real = type(dialect).do_ping
    monkeypatch.setattr(type(dialect), "do_ping", lambda self, each: (tried.append(each), real(self, each))[1])
    return tried


def test_a_page_is_shown_on_a_connection_that_nobody_tried(admin: FlaskClient, pings: list[object]) -> None:
    admin.get("/admin/article/")
    del pings[:]
    assert admin.get("/admin/article/").status_code == 200
    assert pings == []


def test_a_page_is_shown_though_its_connection_was_ended(admin: FlaskClient, app: Flask) -> None:
    engine = emptied(app)
    assert admin.get("/admin/article/").status_code == 200
    end_the_one_in_the_pool(engine)
    assert admin.get("/admin/article/").status_code == 200


def test_whatever_else_is_asked_tries_its_connection(app: Flask, pings: list[object]) -> None:
    with app.app_context():
        for _time in range(2):
            with db.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
    assert pings


def test_an_error_of_another_kind_is_not_asked_again(app: Flask) -> None:
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        with pytest.raises(sa.exc.DBAPIError):
            ask_first(db.session, lambda: db.session.execute(sa.text("SELECT nothing FROM nowhere")))
    assert len(asked) == 1


def test_where_no_connection_can_be_made_nobody_waits_for_a_second_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    engine = emptied(app)

    def connect(*_told: object, **_named: object) -> None:
        tries.append("once")
        raise engine.dialect.loaded_dbapi.OperationalError(2003, "nobody listens")

    monkeypatch.setattr(type(engine.dialect), "connect", connect)
    with app.app_context(), pytest.raises(sa.exc.OperationalError):
        ask_first(db.session, lambda: db.session.execute(sa.text("SELECT 1")))
    assert len(tries) == 1
