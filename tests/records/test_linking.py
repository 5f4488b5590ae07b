"""Attaching and detaching many at once, and by several people at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import DeclarativeBase, Mapped, RelationshipProperty, Session, mapped_column

from backoffice.errors import Conflict
from backoffice.models import Article, Collection, User
from backoffice.records.linking import attach, belonging_elsewhere, detach, linked_among, own_columns
from tests.factories import collect, make_article, make_articles, make_user

ARTICLES: RelationshipProperty[Any] = sa.inspect(User).relationships["articles"]
COLLECTED: RelationshipProperty[Any] = sa.inspect(User).relationships["collection_articles"]


def read_again(*records: Any) -> None:
    """What a page would have read before it attaches."""
    for record in records:
        sa.inspect(record).session.refresh(record)


@pytest.mark.parametrize("relation", [ARTICLES, COLLECTED], ids=lambda relation: relation.key)
def test_five_hundred_are_attached_and_detached_by_few_statements(
    session: Session, count_statements: Callable[[], Any], relation: RelationshipProperty[Any]
) -> None:
    reader, articles = make_user(session), make_articles(session, 510)
    assert attach(session, reader, relation, articles[:10]) == 10
    read_again(reader, *articles)
    with count_statements() as statements:
        assert attach(session, reader, relation, articles) == 500
    # The links, the receipt, the chain of the history, and the owner's version.
    assert len(statements) <= 12
    read_again(reader, *articles)
    with count_statements() as statements:
        assert detach(session, reader, relation, articles) == 510
    assert len(statements) <= 12
    assert detach(session, reader, relation, articles) == 0


def test_a_foreign_key_that_is_changed_is_a_change_of_its_record(session: Session) -> None:
    ada, bob, article = make_user(session), make_user(session), make_article(session)
    before = article.updated_at
    assert attach(session, ada, ARTICLES, [article]) == 1
    assert attach(session, ada, ARTICLES, [article]) == 0
    assert (article.user_id, article.version, article.updated_at > before) == (ada.id, 2, True)
    assert belonging_elsewhere(session, bob, ARTICLES, [(article.id,)]) == 1
    assert detach(session, bob, ARTICLES, [article]) == 0
    assert attach(session, bob, ARTICLES, [article]) == 1
    assert linked_among(session, bob, ARTICLES, [(article.id,)]) == {(article.id,)}


def test_a_new_link_has_what_its_table_gives_by_default(session: Session) -> None:
    reader, article = make_user(session), make_article(session)
    assert attach(session, reader, COLLECTED, [article, article]) == 1
    link = session.get_one(Collection, (reader.id, article.id))
    assert (link.version, link.collected_at is not None, link.created_at is not None) == (1, True, True)


def test_a_link_to_what_is_gone_is_refused_in_words(app: Flask, session: Session) -> None:
    reader, article = make_user(session), make_article(session)
    gone = Article(id=article.id)
    session.delete(article)
    session.commit()
    with app.test_request_context(), pytest.raises(Conflict, match="Somebody else changed these links"):
        attach(session, reader, COLLECTED, [gone])


@pytest.mark.parametrize("relation", [ARTICLES, COLLECTED], ids=lambda relation: relation.key)
def test_colleagues_who_attach_the_same_at_once_all_get_on(
    session: Session, relation: RelationshipProperty[Any]
) -> None:
    reader, articles = make_user(session), make_articles(session, 60)
    user_id, keys = reader.id, [article.id for article in articles]
    collect(session, make_user(session), articles[:5])
    barrier, engine = Barrier(4), session.get_bind()

    def work(number: int) -> int:
        with Session(engine) as own:
            others = [own.get_one(Article, key) for key in (keys if number % 2 else reversed(keys))]
            mine = own.get_one(User, user_id)
            read_again(mine, *others)
            barrier.wait()
            return attach(own, mine, relation, others)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(work, range(4)))
    session.expire_all()
    assert linked_among(session, reader, relation, [(key,) for key in keys]) == {(key,) for key in keys}
    if relation is COLLECTED:
        assert sum(made) == 60


class Base(DeclarativeBase):
    """A registry of its own: no migration knows its tables."""

    __audited__ = True


class Seat(Base):
    """A link that says all sorts of things."""

    __tablename__ = "seat"
    __table_args__ = (sa.UniqueConstraint("person_id", "row"), sa.Index("ix_seat_place", "place", unique=True))

    person_id: Mapped[int] = mapped_column(primary_key=True)
    show_id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str]
    row: Mapped[int]
    number: Mapped[int] = mapped_column(unique=True)
    place: Mapped[int] = mapped_column(sa.Integer)
    given_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat.number"))
    secret_word: Mapped[str]
    picture: Mapped[bytes]
    anything: Mapped[Any] = mapped_column(sa.PickleType())


def test_a_history_is_told_of_a_link_what_it_may_tell_and_what_can_be_said_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [column.name for column in own_columns(Seat)] == ["note"]
    assert [column.name for column in own_columns(Collection)] == ["collected_at"]
    assert own_columns(None) == []
    monkeypatch.setattr(Seat, "__audited__", False)
    assert own_columns(Seat) == []
