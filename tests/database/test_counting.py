"""Counts: exact where that is cheap, and otherwise plain about what they are."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.database import effort
from backoffice.database.attributes import attribute
from backoffice.database.counting import Count, count, exact_count
from backoffice.database.filtering import parse_where
from backoffice.database.paging import Place, Reader
from backoffice.database.selection import Selection
from backoffice.database.time_limits import TooBroad
from backoffice.database.vocabulary import Vocabulary
from backoffice.extensions import db
from backoffice.models import Article
from backoffice.records.auditing import NOTED
from tests.factories import make_articles
from tests.slowness import slow_condition

pytestmark = pytest.mark.usefixtures("english")
START = Place()
ANALYSE = {"sqlite": "ANALYZE", "mysql": "ANALYZE TABLE article", "postgresql": "ANALYZE article"}
VOCABULARY = Vocabulary(Article, filterable={"title": attribute(Article, "title")})


def counted(session: Session, scope: Any = None, where: str = "", place: Place = START, size: int = 5) -> Count:
    scope = sa.select(Article) if scope is None else scope
    selection = Selection(VOCABULARY, scope, where=parse_where(where, VOCABULARY.filterable) if where else None)
    window = Reader(session, selection, secret="s", per_page=size, seconds=60).read(place)
    return count(session, selection, window)


def analyse(session: Session, backend: str) -> None:
    session.commit()
    session.execute(sa.text(ANALYSE[backend]))
    session.commit()


def test_a_small_result_is_counted_exactly(session: Session) -> None:
    make_articles(session, 12)
    assert counted(session) == Count(12)
    assert counted(session, place=Place(last=True)) == Count(12)
    assert counted(session, where='["title","equals","Article 3"]') == Count(1)
    assert counted(session, where='["title","equals","nothing"]') == Count(0)


def test_beyond_the_cap_a_filtered_list_says_at_least(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "CAP", 10)
    make_articles(session, 12)
    everything = '["title","contains","Article"]'
    assert counted(session, where=everything) == Count(10, "at-least")
    assert counted(session, where=everything, size=20) == Count(12), "the page itself shows the end"


def test_few_rows_among_many_are_counted_exactly(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "CAP", 10)
    make_articles(session, 40)
    assert counted(session, where='["title","contains","3"]', size=2) == Count(10, "at-least")
    assert counted(session, where='["title","contains","7"]', size=2) == Count(4), "more were looked at than that"


def test_beyond_the_cap_a_whole_table_is_estimated(
    session: Session, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "CAP", 10)
    make_articles(session, 300)
    analyse(session, backend)
    found = counted(session)
    assert found.kind == "estimate"
    assert 150 <= found.value <= 600
    narrowed = counted(session, scope=sa.select(Article).where(Article.id > 0))
    assert narrowed == Count(10, "at-least"), "the size of the table is nobody's who sees a part of it"


def test_a_count_that_takes_too_long_says_what_is_known(
    app: Flask, session: Session, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_articles(session, 12)
    selection = Selection(VOCABULARY, sa.select(Article))
    with app.app_context(), Session(db.engine, info=NOTED) as own:
        window = Reader(own, selection, secret="s", per_page=5, seconds=60).read(Place())
        slow = selection.replace(scope=sa.select(Article).where(slow_condition(backend)))
        assert count(own, slow, window) == Count(6, "at-least")
        assert own.scalar(sa.select(sa.func.count()).select_from(Article)) == 12
        with pytest.raises(TooBroad):
            exact_count(own, slow, 0.2)


def test_on_request_every_row_is_counted(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "CAP", 10)
    make_articles(session, 25)
    assert exact_count(session, Selection(VOCABULARY, sa.select(Article)), 60) == 25
