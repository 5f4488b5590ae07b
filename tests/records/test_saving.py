"""Saving, deleting and linking, without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.database.attributes import attribute
from backoffice.errors import Conflict
from backoffice.models import Article, Collection, User
from backoffice.records import deleting, linking
from backoffice.records.consequences import consequences
from backoffice.records.saving import ValueTaken, save
from backoffice.records.transactions import StaleRecord
from tests.factories import collect, make_article, make_articles, make_user


@pytest.fixture(autouse=True)
def _sentences(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_a_change_counts_up_the_version_and_a_save_without_change_does_not(session: Session) -> None:
    article = make_article(session)
    save(session, article, {"title": "New"})
    assert (article.title, article.version) == ("New", 2)
    save(session, article, {"title": "New"})
    assert article.version == 2


def test_a_change_made_meanwhile_is_not_overwritten(session: Session) -> None:
    article = make_article(session, title="Old")
    with Session(session.get_bind()) as colleague:
        save(colleague, colleague.get_one(Article, article.id), {"title": "Theirs"})
    with pytest.raises(StaleRecord):
        save(session, article, {"title": "Mine"})
    assert session.get_one(Article, article.id).title == "Theirs"


def test_a_taken_value_is_named_and_nothing_is_written(session: Session) -> None:
    make_user(session, username="ada")
    bob = make_user(session, username="bob")
    with pytest.raises(ValueTaken) as refusal:
        save(session, bob, {"username": "ada", "name": "Bob"})
    assert refusal.value.names == ("username",)
    assert session.get_one(User, bob.id).name is None


def test_a_password_is_kept_as_an_argon2id_hash(session: Session) -> None:
    ada = make_user(session)
    save(session, ada, {"password": "secret"})
    assert ada.password is None
    assert ada.password_hash is not None
    assert ada.password_hash.startswith("$argon2id$")


def test_deleting_a_user_says_and_does_what_the_foreign_keys_say(session: Session) -> None:
    ada, bob = make_user(session), make_user(session)
    article = make_article(session, user=ada)
    collect(session, ada, make_articles(session, 3))
    collect(session, bob, article)
    found = {(c.relation, c.rule, c.count, c.choices) for c in consequences(session, [ada])}
    ways = ("hand over", "unlink", "delete")
    assert found == {("articles", "hand over", 1, ways), ("collection_articles", "links", 3, ())}
    assert deleting.delete(session, [ada]) == 1
    session.expire_all()
    assert session.get_one(Article, article.id).user_id is None
    assert session.get_one(Article, article.id).version == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Collection)) == 1


def test_attaching_and_detaching_write_only_the_links_named(session: Session) -> None:
    reader = make_user(session)
    one, two, three = make_articles(session, 3)
    kept = attribute(User, "collection_articles").relationship
    assert kept is not None
    assert linking.attach(session, reader, kept, [one, two]) == 2
    assert linking.attach(session, reader, kept, [two, three]) == 1
    assert linking.detach(session, reader, kept, [one]) == 1
    assert linking.detach(session, reader, kept, [one]) == 0
    session.expire_all()
    assert {a.id for a in reader.collection_articles} == {two.id, three.id}
    assert {u.id for u in two.users} == {reader.id}


def test_attaching_an_article_to_an_author_moves_it(session: Session) -> None:
    ada, bob = make_user(session), make_user(session)
    article = make_article(session, user=ada)
    articles = attribute(User, "articles").relationship
    assert articles is not None
    assert linking.attach(session, bob, articles, [article]) == 1
    assert article.user_id == bob.id
    assert linking.detach(session, ada, articles, [article]) == 0
    assert linking.detach(session, bob, articles, [article]) == 1
    assert article.user_id is None


def test_both_sides_of_the_relations_agree(session: Session) -> None:
    ada = make_user(session)
    article = Article(title="By append", content="")
    ada.articles.append(article)
    assert article.user is ada
    ada.collection_articles.append(article)
    session.commit()
    assert article.users == [ada]
    link = session.get_one(Collection, (ada.id, article.id))
    assert link.collected_at.tzinfo is not None
    article.user = None
    ada.collection_articles.remove(article)
    session.commit()
    session.expire_all()
    assert (article.user_id, article.users) == (None, [])


def test_a_record_that_others_must_have_is_not_deleted(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = make_user(session)
    make_article(session, user=ada)
    key = next(iter(Article.__table__.c.user_id.foreign_keys))
    monkeypatch.setattr(key, "ondelete", None)
    with pytest.raises(Conflict, match="refer to it"):
        deleting.delete(session, [ada])
    assert session.get(User, ada.id) is not None
