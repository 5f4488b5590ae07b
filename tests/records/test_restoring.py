"""Bringing back what was deleted, and a precise word where that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.errors import BadInput, Conflict, NotFound
from backoffice.models import Article, AuditEntry, Collection, DeletedPart, DeletedRecord, User, utcnow
from backoffice.records import chain, restoring
from backoffice.records.consequences import Choice
from backoffice.records.deleting import delete
from backoffice.records.saving import save
from tests.factories import NOON, collect, make_article, make_articles, make_user


@pytest.fixture(autouse=True)
def _sentences(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


# What changes with every save, and what is not for people.
MOVING = ("version", "updated_at")


def state(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All that the tables hold, without what grows with every change."""
    session.rollback()
    found = {}
    for model in (User, Article, Collection):
        columns = [c for c in model.__table__.c if c.name not in MOVING]
        rows = session.execute(sa.select(*columns).order_by(*model.__table__.primary_key)).all()
        found[model.__tablename__] = [tuple(row) for row in rows]
    return found


def deleted(session: Session) -> DeletedRecord:
    return session.scalars(sa.select(DeletedRecord).order_by(DeletedRecord.id.desc())).first()  # type: ignore[return-value]  # there is one


def library(session: Session) -> tuple[User, User, list[Article]]:
    ada, bob = make_user(session, username="ada", address="1 Ä\n"), make_user(session, username="bob")
    ada.password = "secret"  # type: ignore[assignment]  # it is written only
    articles = [
        make_article(session, title="三体 😀", user=ada, content="a\r\nb" * 1000, published_at=NOON),
        make_article(session, user=ada),
        make_article(session, user=bob),
    ]
    collect(session, ada, articles[2], collected_at=NOON)
    collect(session, bob, articles[:2], collected_at=NOON)
    return ada, bob, articles


@pytest.mark.parametrize("rule", ["unlink", "delete"])
def test_a_user_comes_back_with_key_password_articles_and_collection(session: Session, rule: Any) -> None:
    ada, _bob, _articles = library(session)
    before, version = state(session), ada.version
    delete(session, [ada], {"articles": Choice(rule)})
    assert state(session) != before
    restoring.restore(session, deleted(session).id)
    assert state(session) == before
    assert session.scalars(sa.select(User.version).where(User.username == "ada")).one() > version
    assert session.scalars(sa.select(DeletedRecord)).all() == session.scalars(sa.select(DeletedPart)).all() == []
    assert session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id.desc())).first() is not None
    assert chain.verify(session).broken is None


def test_records_of_one_deletion_come_back_one_by_one_in_any_order(session: Session) -> None:
    _ada, _bob, articles = library(session)
    before = state(session)
    delete(session, articles)
    for number in session.scalars(sa.select(DeletedRecord.id).order_by(DeletedRecord.id.desc())).all():
        restoring.restore(session, number)
    assert state(session) == before


def test_a_value_that_is_taken_by_now_is_named_and_nothing_is_restored(session: Session) -> None:
    ada, _bob, _articles = library(session)
    delete(session, [ada])
    other = make_user(session, username="ada")
    before = state(session)
    with pytest.raises(Conflict, match="username “ada”"):
        restoring.restore(session, deleted(session).id, accept=True)
    assert state(session) == before
    save(session, other, {"username": "another"})
    restoring.restore(session, deleted(session).id)
    assert session.scalars(sa.select(User).where(User.username == "ada")).one().email == ada.email


def test_an_author_who_is_gone_is_told_and_may_be_done_without(session: Session) -> None:
    ada, bob, articles = library(session)
    delete(session, [articles[0]])
    number = deleted(session).id
    delete(session, [ada])
    delete(session, [bob])
    with pytest.raises(Conflict) as refusal:
        restoring.restore(session, number)
    assert "The user it belonged to is gone" in refusal.value.message
    assert "1 link leads to a user that is gone" in refusal.value.message
    restoring.restore(session, number, accept=True)
    back = session.get_one(Article, articles[0].id)
    assert (back.title, back.user_id) == ("三体 😀", None)


def test_articles_that_belong_to_another_by_now_stay_there(session: Session) -> None:
    ada, bob, articles = library(session)
    delete(session, [ada])
    session.refresh(articles[0])
    save(session, articles[0], {"user_id": bob.id})
    with pytest.raises(Conflict, match="1 record that belonged to it is gone or belongs to another"):
        restoring.restore(session, deleted(session).id)
    restoring.restore(session, deleted(session).id, accept=True)
    session.expire_all()
    assert (articles[0].user_id, articles[1].user_id) == (bob.id, ada.id)


def test_a_stale_form_does_not_fit_a_record_that_came_back(session: Session) -> None:
    article = make_article(session)
    with Session(session.get_bind()) as other:
        stale = other.get_one(Article, article.id)
        delete(session, [article])
        restoring.restore(session, deleted(session).id)
        with pytest.raises(Conflict):
            save(other, stale, {"title": "Mine"})


def test_who_hands_over_says_to_whom(session: Session) -> None:
    ada, _bob, _articles = library(session)
    for to in (None, ada):
        with pytest.raises(BadInput, match="handed over"):
            delete(session, [ada], {"articles": Choice("hand over", to)})
    with pytest.raises(Conflict):
        delete(session, [ada], {"articles": Choice("refuse")})


def test_a_heavy_user_goes_and_comes_back_whole(session: Session) -> None:
    ada = make_user(session)
    collect(session, ada, make_articles(session, 1200, user_id=ada.id))
    before = state(session)
    delete(session, [ada])
    assert session.scalar(sa.select(sa.func.count()).select_from(DeletedPart)) > 4
    restoring.restore(session, deleted(session).id)
    assert state(session) == before


def test_what_was_kept_long_enough_is_forgotten(session: Session) -> None:
    delete(session, [make_article(session)])
    number = deleted(session).id
    assert restoring.prune_some(session, utcnow() - timedelta(days=1)) == 0
    assert restoring.prune_some(session, utcnow()) == 1
    assert session.scalars(sa.select(DeletedPart)).all() == []
    with pytest.raises(NotFound):
        restoring.restore(session, number)
