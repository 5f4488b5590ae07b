"""Undoing jobs: only what the person may do, only what nobody has touched since, and whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from wtforms import ValidationError

from backoffice.models import Article, Collection, Job, Role, User
from backoffice.records import auditing, chain
from tests.admin.bulk import ask, count, hidden, send, the_job, where
from tests.admin.importing import apply, check, csv, users
from tests.factories import NOON, collect, make_article, make_articles, make_user


def allow(session: Session, *permissions: str) -> None:
    """Let editors do this, beside reading jobs, and nothing else."""
    role = session.scalars(sa.select(Role).where(Role.name == "editor")).one()
    role.permissions = ["job:read", *permissions]
    session.commit()


def undo(client: FlaskClient, session: Session, job: Job | None = None) -> Job:
    """Undo a job, the only one unless told."""
    number = (job or the_job(session)).id
    assert client.post(f"/admin/job/undo/?id={number}").status_code == 302
    session.rollback()
    undone = sa.select(Job).where(Job.kind == "undo", Job.parent_id == number)
    return session.scalars(undone.execution_options(populate_existing=True)).one()


def collected(client: FlaskClient, action: str = "collect", reader: str = "ada") -> None:
    """Put all articles into a reader's collection, or take them out."""
    question = send(client, ask(client, action).text, with__users=reader)
    assert send(client, question.text, with__users=reader).status_code == 302


def the_import(session: Session) -> Job:
    session.rollback()
    return session.scalars(sa.select(Job).where(Job.kind == "import")).one()


def view_of(app: Flask, endpoint: str) -> Any:
    return next(view for view in app.extensions["admin"][0]._views if view.endpoint == endpoint)


# -- what the person may do ----------------------------------------------------------------------------------------


def test_links_are_undone_by_who_may_change_them(admin: FlaskClient, session: Session, sign_in: Any) -> None:
    make_user(session, username="ada")
    make_articles(session, 3)
    collected(admin)
    allow(session, "article:read", "article:edit", "user:read")
    undone = undo(sign_in("editor"), session)
    assert (undone.state, undone.changed) == ("stopped", 0)
    assert "You may not change these links" in undone.message
    assert session.scalar(sa.select(sa.func.count()).select_from(Collection)) == 3


def test_links_that_were_removed_come_back_as_they_were(admin: FlaskClient, session: Session) -> None:
    reader, articles = make_user(session, username="reader"), make_articles(session, 3)
    for n, article in enumerate(articles):
        session.add(Collection(user_id=reader.id, article_id=article.id, collected_at=NOON + timedelta(days=n)))
    session.commit()
    before = moments(session)
    collected(admin, "uncollect", "reader")
    assert moments(session) == []
    assert undo(admin, session).changed == 3
    assert moments(session) == before
    history = admin.get(f"/admin/user/history/?id={reader.id}")
    assert history.status_code == 200
    assert admin.get(f"/admin/article/history/?id={articles[0].id}").status_code == 200


def moments(session: Session) -> list[datetime]:
    """Since when what is collected is."""
    session.rollback()
    return list(session.scalars(sa.select(Collection.collected_at).order_by(Collection.article_id)))


def test_links_of_ones_own_are_undone_with_the_permission_that_made_them(session: Session, sign_in: Any) -> None:
    allow(session, "article:read", "article:edit", "user:read", "collection:read", "collection:create")
    editor = sign_in("editor")
    make_user(session, username="reader")
    make_articles(session, 3)
    collected(editor, "collect", "reader")
    assert len(moments(session)) == 3
    assert undo(editor, session).changed == 3
    assert moments(session) == []


@pytest.mark.parametrize("kind", ["set", "import"])
def test_a_field_is_put_back_by_who_may_change_it(
    admin: FlaskClient, session: Session, sign_in: Any, kind: str
) -> None:
    article = make_article(session, published_at=NOON)
    if kind == "set":
        wanted = {"with__set_field": "published_at", "with__published_at": ""}
        question = send(admin, ask(admin, "set").text, with__set_field="published_at")
        send(admin, send(admin, question.text, **wanted).text, **wanted)
        job = the_job(session)
    else:
        apply(admin, check(admin, csv("id,published_at", f"{article.id},"), model="article", mode="update"))
        job = the_import(session)
    assert count(session, Article.published_at.is_(None)) == 1
    allow(session, "article:read", "article:edit", "article:import")
    editor = sign_in("editor")
    undone = undo(editor, session, job)
    assert (undone.state, undone.changed, undone.skipped) == ("done", 0, 1)
    assert "You may not change this: Published at." in editor.get(f"/admin/job/details/?id={undone.id}").text
    assert count(session, Article.published_at.is_(None)) == 1


def test_a_withdrawal_of_others_is_undone_by_who_may_publish(
    admin: FlaskClient, session: Session, sign_in: Any
) -> None:
    articles = make_articles(session, 2, published_at=NOON)
    admin.post("/admin/article/action/", data={"action": "withdraw", "rowid": [a.id for a in articles]})
    allow(session, "article:read", "article:withdraw")
    assert undo(sign_in("editor"), session).skipped == 2
    assert count(session, Article.published_at.is_(None)) == 2


@pytest.mark.parametrize("action", ["publish", "withdraw"])
def test_ones_own_job_is_undone_with_the_permission_that_it_took(session: Session, sign_in: Any, action: str) -> None:
    allow(session, "article:read", f"article:{action}")
    editor = sign_in("editor")
    articles = make_articles(session, 2, published_at=NOON if action == "withdraw" else None)
    editor.post("/admin/article/action/", data={"action": action, "rowid": [a.id for a in articles]})
    assert undo(editor, session).changed == 2
    assert count(session, Article.published_at.is_not(None)) == (2 if action == "withdraw" else 0)


def test_imported_records_are_deleted_by_who_may_delete(admin: FlaskClient, session: Session, sign_in: Any) -> None:
    apply(admin, check(admin, csv("username,email", "a,a@example.com")))
    allow(session, "user:read", "user:import", "user:create", "user:edit")
    undone = undo(sign_in("editor"), session, the_import(session))
    assert (undone.state, list(users(session))) == ("stopped", ["a"])
    assert "you may not delete them" in undone.message


def test_imported_records_go_unless_their_view_speaks_against_it(
    admin: FlaskClient, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(_view: Any, record: Any) -> None:
        if record.username == "a":
            raise ValidationError("This one stays.")

    apply(admin, check(admin, csv("username,email", "a,a@example.com", "b,b@example.com")))
    monkeypatch.setattr(type(view_of(app, "user")), "on_model_delete", deny)
    undone = undo(admin, session, the_import(session))
    assert (undone.state, undone.changed, undone.failed) == ("done", 1, 1)
    assert "This one stays." in admin.get(f"/admin/job/details/?id={undone.id}").text
    assert list(users(session)) == ["a"]


def test_what_may_not_be_seen_is_not_brought_back(
    admin: FlaskClient, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_articles(session, 2, title="secret")
    make_article(session, title="mine")
    send(admin, ask(admin, "delete").text, typed="3")
    monkeypatch.setattr(
        type(view_of(app, "article")), "get_query", lambda _view: sa.select(Article).where(Article.title == "mine")
    )
    undone = undo(admin, session)
    assert (undone.state, undone.changed, undone.failed) == ("done", 1, 2)
    assert "It may not be seen by you, so it was not brought back." in (
        admin.get(f"/admin/job/details/?id={undone.id}").text
    )
    assert list(session.scalars(sa.select(Article.title))) == ["mine"]


# -- what somebody has touched since ---------------------------------------------------------------------------------


def touch(session: Session, way: str, reader: User, article: Article) -> None:
    """Take a link away and make it again: as a record, or from one of its ends."""
    if way == "record":
        session.delete(session.get(Collection, (reader.id, article.id)))
        session.commit()
        collect(session, reader, article, collected_at=NOON)
        return
    for change in ("remove", "append"):
        held: Any = reader.collection_articles if way == "reader" else article.users
        getattr(held, change)(article if way == "reader" else reader)
        session.commit()


@pytest.mark.parametrize("way", ["record", "reader", "article"])
def test_a_link_that_somebody_made_again_stays(admin: FlaskClient, session: Session, way: str) -> None:
    ada, articles = make_user(session, username="ada"), make_articles(session, 3)
    collected(admin)
    touch(session, way, ada, articles[0])
    undone = undo(admin, session)
    assert (undone.changed, undone.skipped, undone.unchanged) == (2, 1, 0)
    assert "Somebody has changed it since." in admin.get(f"/admin/job/details/?id={undone.id}").text
    assert list(session.scalars(sa.select(Collection.article_id))) == [articles[0].id]


def test_a_link_that_somebody_made_and_took_away_again_is_not_made(admin: FlaskClient, session: Session) -> None:
    ada, articles = make_user(session, username="ada"), make_articles(session, 3)
    collect(session, ada, articles)
    collected(admin, "uncollect")
    collect(session, ada, articles[0])
    session.delete(session.get(Collection, (ada.id, articles[0].id)))
    session.commit()
    undone = undo(admin, session)
    assert (undone.changed, undone.skipped) == (2, 1)
    assert set(session.scalars(sa.select(Collection.article_id))) == {article.id for article in articles[1:]}


# -- what was handed over --------------------------------------------------------------------------------------------


def handed_over(client: FlaskClient) -> None:
    """Delete ada and bob, whose articles go to heir."""
    selection = where(["username", "in", ["ada", "bob"]])
    question = client.post(
        "/admin/user/action/", data={"action": "delete", "all": "yes", "selection": selection}, follow_redirects=True
    )
    chosen = {"when-articles": "hand over", "to-articles": "heir", "typed": "2"}
    assert client.post("/admin/user/bulk/", data={**hidden(question.text), **chosen}).status_code == 302


@pytest.fixture
def owners(session: Session) -> dict[str, int]:
    """Two users with two articles each, and heir with one."""
    owners = {name: make_user(session, username=name).id for name in ("ada", "bob", "heir")}
    for name, number in (("ada", 2), ("bob", 2), ("heir", 1)):
        make_articles(session, number, user_id=owners[name])
    return owners


def test_what_was_handed_over_comes_back_to_its_owner(
    admin: FlaskClient, session: Session, owners: dict[str, int]
) -> None:
    handed_over(admin)
    assert count(session, Article.user_id == owners["heir"]) == 5
    undone = undo(admin, session)
    assert (undone.state, undone.changed, undone.skipped) == ("done", 2, 0)
    assert {name: count(session, Article.user_id == key) for name, key in owners.items()} == {
        "ada": 2, "bob": 2, "heir": 1,
    }  # fmt: skip
    assert chain.verify(session).broken is None


def test_what_was_handed_over_and_changed_since_stays_and_is_told(
    admin: FlaskClient, session: Session, owners: dict[str, int]
) -> None:
    handed_over(admin)
    changed = session.scalars(sa.select(Article).order_by(Article.id)).first()
    assert changed is not None
    changed.title = "Changed since"
    session.commit()
    undone = undo(admin, session)
    assert (undone.state, undone.changed, undone.skipped) == ("done", 1, 1)
    told = admin.get(f"/admin/job/details/?id={undone.id}").text
    assert "It is back, but some of what was handed over is not as it was left." in told
    assert count(session, Article.user_id == owners["ada"]) == 1
    assert count(session, Article.user_id == owners["bob"]) == 2


def test_what_was_handed_over_comes_back_by_who_may_edit_it(
    admin: FlaskClient, session: Session, sign_in: Any, owners: dict[str, int]
) -> None:
    handed_over(admin)
    allow(session, "user:read", "user:delete", "article:read")
    assert undo(sign_in("editor"), session).state == "stopped"
    assert count(session, Article.user_id == owners["heir"]) == 5
    assert list(users(session)) == ["heir"]


# -- where there is no history ----------------------------------------------------------------------------------------


def test_without_a_history_there_is_no_undo(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = make_articles(session, 2)
    # Which tables are audited is found out once, and not while this test says otherwise.
    auditing._audited_tables()
    monkeypatch.setattr(Article, "__audited__", False, raising=False)
    done = admin.post("/admin/article/action/", data={"action": "publish", "rowid": [a.id for a in articles]})
    page = admin.get(done.location).text
    assert "2 articles were published" in page
    assert "/admin/job/undo/" not in page
    undone = undo(admin, session)
    assert (undone.state, undone.changed) == ("stopped", 0)
    assert "no history is kept of these records" in undone.message
