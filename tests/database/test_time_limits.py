"""Statements that are too broad are stopped by the database, and everything goes on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.database.time_limits import TooBroad, go_on_reading, limited, prepare_time_limits
from backoffice.extensions import db
from backoffice.models import Article
from tests.factories import make_article
from tests.slowness import COUNTING, slow_condition

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def limited_session(app: Flask) -> Session:
    """A session on the application's own engine, which heeds time limits."""
    with app.app_context():
        return Session(db.engine, expire_on_commit=False)


def test_a_statement_is_stopped_and_the_next_one_runs(limited_session: Session, backend: str) -> None:
    with limited_session as session:
        kept = make_article(session, title="kept")
        slow = sa.select(Article).where(slow_condition(backend))
        with pytest.raises(TooBroad, match="Narrow it"):
            session.scalars(limited(slow, 0.2)).all()
        go_on_reading(session)
        assert not sa.inspect(kept).expired
        assert session.scalar(sa.select(Article.title)) == "kept"


def test_a_limit_binds_only_the_statement_it_was_given(limited_session: Session, backend: str) -> None:
    short = {
        "sqlite": COUNTING.format(10**6),
        "mysql": "SELECT SLEEP(0.3)",
        "postgresql": "SELECT 1 FROM pg_sleep(0.3)",
    }[backend]
    with limited_session as session:
        assert session.scalars(limited(sa.select(sa.literal(1)), 0.05)).all() == [1]
        session.execute(sa.text(short)).all()
        session.commit()
        session.execute(sa.text(short)).all()


def test_rows_that_are_fetched_one_by_one_are_stopped_too(limited_session: Session, backend: str) -> None:
    with limited_session as session:
        make_article(session)
        make_article(session)
        slow = sa.select(Article.id).where(sa.or_(Article.id == sa.select(sa.func.min(Article.id)).scalar_subquery(),
                                                  slow_condition(backend))).order_by(Article.id)  # fmt: skip
        with pytest.raises(TooBroad):
            session.execute(limited(slow, 0.2)).all()


def test_what_the_operator_has_set_holds_for_other_statements(app: Flask, backend: str) -> None:
    options, read, kept = {
        "sqlite": ({"timeout": 7}, "PRAGMA busy_timeout", 7000),
        "mysql": ({"init_command": "SET SESSION max_statement_time = 7"}, "SELECT @@SESSION.max_statement_time", 7),
        "postgresql": ({"options": "-c statement_timeout=7s"}, "SHOW statement_timeout", "7s"),
    }[backend]
    with app.app_context():
        engine = sa.create_engine(db.engine.url, connect_args=options, poolclass=sa.NullPool)
    prepare_time_limits(engine)
    with Session(engine) as session:
        session.execute(limited(sa.select(sa.literal(1)), 1)).all()
        assert session.scalar(sa.text(read)) == kept
