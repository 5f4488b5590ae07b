"""Deadlocks and connections that break under a save: nobody sees an error, and all that was acknowledged is there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError, Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.extensions import db
from backoffice.models import Article
from backoffice.records.saving import put
from backoffice.records.units import once
from tests.factories import make_articles
from tests.faults.ledger import Ledger

ROUNDS = 200


@pytest.fixture(autouse=True)
def _sentences(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def engine(app: Flask) -> sa.Engine:
    with app.app_context():
        return db.engine


def in_opposite_order(engine: sa.Engine, app: Flask, keys: tuple[int, int], name: str, meet: Barrier) -> Any:
    """A unit that locks two records one after the other, meeting the other one in between: the first time only."""
    met: list[bool] = []

    def work(session: Session) -> str:
        if engine.dialect.name == "postgresql":
            session.execute(sa.text("SET LOCAL deadlock_timeout = '20ms'"))  # else each takes a second to be noticed
        for key in keys:
            session.execute(sa.select(Article.id).where(Article.id == key).with_for_update()).one()
            if not met:
                met.append(True)
                with contextlib.suppress(BrokenBarrierError):
                    meet.wait(5)
        for key in keys:
            article = session.get_one(Article, key, populate_existing=True)
            put(session, article, {"title": f"{name} {key}"})
        return name

    with app.app_context(), Session(engine) as session:
        return once(session, lambda: work(session))


@pytest.mark.server_only
def test_two_hundred_forced_deadlocks_reach_nobody(app: Flask, engine: sa.Engine, session: Session) -> None:
    one, two = (article.id for article in make_articles(session, 2))
    ledger = Ledger()
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            meet = Barrier(2)
            orders = ((one, two), f"forth {number}"), ((two, one), f"back {number}")
            done = [pool.submit(in_opposite_order, engine, app, keys, name, meet) for keys, name in orders]
            for future in done:
                name = future.result()
                for key in (one, two):
                    ledger.acknowledge(key, "title", f"{name} {key}")
    assert len(ledger.lines) == 4 * ROUNDS
    ledger.check(session)


@pytest.mark.server_only
def test_connections_that_are_killed_while_people_save_lose_nothing(
    app: Flask, engine: sa.Engine, session: Session, backend: str
) -> None:
    articles = [article.id for article in make_articles(session, 4)]
    session.commit()
    ledger, stop = Ledger(), Event()
    assassin = Thread(target=kill_connections, args=(engine, backend, stop))

    def work(number: int) -> None:
        for save in range(40):
            key, value = articles[number], f"{number} {save}"
            with app.app_context(), Session(engine) as own:
                once(own, lambda own=own, key=key, value=value: put(own, own.get_one(Article, key), {"title": value}))
            ledger.acknowledge(key, "title", value)

    assassin.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
    finally:
        stop.set()
        assassin.join()
    assert len(ledger.lines) == 160
    ledger.check(session)


def kill_connections(engine: sa.Engine, backend: str, stop: Event) -> None:
    """Five times a second break another connection to this database, idle or at work."""
    name = engine.url.database
    lonely = sa.create_engine(engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with lonely.connect() as connection:
        while not stop.wait(0.2):
            if backend == "postgresql":
                connection.execute(
                    sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE datname = :name AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"),
                    {"name": name},
                )  # fmt: skip
                continue
            own = connection.scalar(sa.text("SELECT CONNECTION_ID()"))
            victim = connection.scalar(
                sa.text("SELECT id FROM information_schema.processlist WHERE db = :name AND id <> :own "
                        "ORDER BY rand() LIMIT 1"),
                {"name": name, "own": own},
            )  # fmt: skip
            if victim is not None:
                try:
                    connection.exec_driver_sql(f"KILL {int(victim)}")
                except sa.exc.DBAPIError:
                    continue  # it has ended by itself


@pytest.mark.server_only
@pytest.mark.parametrize("end", ["rollback", "close"])
def test_a_session_ends_quietly_whatever_became_of_its_connection(app: Flask, backend: str, end: str) -> None:
    engine, own = db.engine, {"mysql": "SELECT CONNECTION_ID()", "postgresql": "SELECT pg_backend_pid()"}[backend]
    number = int(db.session.scalar(sa.text(own)) or 0)
    killing = {"mysql": f"KILL {number}", "postgresql": f"SELECT pg_terminate_backend({number})"}[backend]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(killing)
    getattr(db.session, end)()
    assert db.session.scalar(sa.text(own)) != number
