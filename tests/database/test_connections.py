"""What becomes of a connection when it goes back into the pool."""

from __future__ import annotations

import pymysql
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from backoffice.extensions import db


def test_what_nobody_committed_is_gone_with_the_connection(app: Flask) -> None:
    with app.app_context():
        engine = db.engine
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
