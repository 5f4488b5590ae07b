"""Statements that take long are told, with nothing that is somebody's in them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import signals
from backoffice.database.time_limits import TooBroad, limited
from backoffice.database.timing import LONGEST_TOLD, withheld
from backoffice.extensions import db
from tests.slowness import COUNTING, slow_condition

LOGGER = "backoffice.database.timing"
# A twentieth of a second or more.
TAKES_LONG = {
    "sqlite": f"({COUNTING.format(500_000)})",
    "mysql": "SLEEP(0.05)",
    "postgresql": "(SELECT 1 FROM pg_sleep(0.05))",
}


@pytest.fixture
def slowly(make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Flask]]:
    """Within an application with such a limit."""
    with caplog.at_level(logging.WARNING, LOGGER):
        yield lambda slow_statement_ms: make_app(slow_statement_ms=slow_statement_ms)


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == LOGGER]


def statement(backend: str) -> sa.Select[Any]:
    literal = sa.literal_column("'it''s a secret'", sa.String)
    return sa.select(sa.literal_column(TAKES_LONG[backend]), literal, sa.literal("hunter2"), sa.literal_column("4711"))


def test_slow_statement_is_told_without_its_values(slowly: Any, backend: str, caplog: Any) -> None:
    app = slowly(20)
    with app.app_context():
        db.session.execute(statement(backend)).all()
        db.session.execute(sa.text("SELECT 1")).all()
    [record] = told(caplog)
    said = record.getMessage()
    assert record.levelno == logging.WARNING
    assert record.fields["ms"] >= 20
    assert said.startswith(f"a statement took {record.fields['ms']} ms")
    assert said.endswith(record.fields["statement"])
    for value in ("secret", "hunter2", "4711", "500", "0.05"):
        assert value not in record.fields["statement"]
    assert "SELECT " in said
    assert record.fields.get("rows", 1) == 1


def test_statement_stopped_by_its_limit_is_told_too(slowly: Any, backend: str, caplog: Any) -> None:
    app = slowly(20)
    with app.app_context(), pytest.raises(TooBroad):
        db.session.execute(limited(sa.select(sa.literal(1)).where(slow_condition(backend)), 0.05)).all()
    assert len(told(caplog)) == 1


@pytest.mark.parametrize("limit", [0, 60_000])
def test_what_is_quick_enough_is_no_news(slowly: Any, backend: str, caplog: Any, limit: int) -> None:
    with slowly(limit).app_context():
        db.session.execute(statement(backend)).all()
    assert told(caplog) == []


@pytest.mark.sqlite_only
def test_every_statement_is_counted_even_one_that_fails(slowly: Any) -> None:
    seconds: list[float] = []

    def count(_sender: Any, *, seconds: float, found: list[float] = seconds) -> None:
        found.append(seconds)

    with slowly(0).app_context(), signals.statement_done.connected_to(count):
        db.session.execute(sa.text("SELECT 1")).all()
        with pytest.raises(sa.exc.OperationalError):
            db.session.execute(sa.text("SELECT 1 FROM no_such_table"))
    assert len(seconds) == 2
    assert min(seconds) > 0


@pytest.mark.parametrize(
    ("dialect", "given", "wanted"),
    [
        ("sqlite", "SELECT 'it''s' || x,\n  17.5 FROM \"user\"", 'SELECT ? || x, ? FROM "user"'),
        ("sqlite", "SELECT 'ends in \\', a.b FROM t2 AS t_1", "SELECT ?, a.b FROM t2 AS t_1"),
        ("sqlite", "SELECT 'cut off, secr", "SELECT ?"),
        ("mysql", "SELECT 'a\\' secret', \"a \"\" secret\", `q1` WHERE i = %s", "SELECT ?, ?, `q1` WHERE i = %s"),
        ("mariadb", "SET STATEMENT limit_time=5.000 FOR SELECT 0xFF", "SET STATEMENT limit_time=? FOR SELECT ?"),
        ("mysql", "SELECT 'cut off \\", "SELECT ?"),
        ("postgresql", "SELECT E'a\\' secret', 'b\\', c = %(id_1)s::INTEGER", "SELECT ?, ?, c = %(id_1)s::INTEGER"),
        ("postgresql", "SELECT $$a 'secret$$, $t$e$t$, U&'x', $$cut off 'secr", "SELECT ?, ?, U&?, ?"),
        ("postgresql", "SELECT c INTERVAL '30 seconds' > -1e9", "SELECT c INTERVAL ? > -?"),
    ],
)  # fmt: skip
def test_texts_and_numbers_are_withheld(dialect: str, given: str, wanted: str) -> None:
    assert withheld(given, dialect) == wanted


def test_a_long_statement_is_cut() -> None:
    told = withheld("INSERT INTO t VALUES " + "(?, ?), " * 100_000, "sqlite")
    assert len(told) == LONGEST_TOLD + 2
