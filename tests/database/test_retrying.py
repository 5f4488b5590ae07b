"""A transaction that met another one is done again as a whole, and what is wrong is told at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import retrying
from backoffice.extensions import db


def refusing(connection: sa.Connection, tried: list[int], error: Exception, times: int) -> int:
    tried.append(int(connection.scalar(sa.text("SELECT 1")) or 0))
    if len(tried) <= times:
        raise error
    return len(tried)


def test_who_was_sent_back_by_the_database_tries_again(app: Flask) -> None:
    tried: list[int] = []
    deadlock = sa.exc.OperationalError("", {}, Exception(1213, "Deadlock found"))
    with app.app_context():
        assert retrying.in_transaction(db.engine, lambda to: refusing(to, tried, deadlock, 2)) == 3


def test_not_for_ever_and_not_what_is_wrong(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    monkeypatch.setattr(retrying, "SECONDS", 0.0)
    for error in (sa.exc.OperationalError("", {}, Exception(1213, "Deadlock found")), KeyError("wrong")):
        tried.clear()
        with app.app_context(), pytest.raises(type(error)):
            retrying.in_transaction(db.engine, lambda to, error=error: refusing(to, tried, error, 9))  # type: ignore[misc]
        assert len(tried) == 1
