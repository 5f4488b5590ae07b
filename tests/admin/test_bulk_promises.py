"""What a dialog has said is what its job does: later changes, whoever makes them, are asked about or left alone."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.working import worker
from backoffice.errors import BadInput
from backoffice.models import Article, Collection, Job
from backoffice.records.bulk.values import SetValues
from tests.admin.bulk import ask, choose, count, send, the_job, where
from tests.factories import NOON, make_article, make_articles, make_user
from tests.pages import say_yes


def test_only_what_was_previewed_is_done(admin: FlaskClient, session: Session) -> None:
    make_articles(session, 3, published_at=NOON)
    shown = send(admin, ask(admin, "set").text, with__set_field="title")
    shown = send(admin, shown.text, with__set_field="title", with__title="Previewed")
    other_field = send(admin, shown.text, with__set_field="published_at", with__title="Previewed")
    other_value = send(admin, shown.text, with__set_field="title", with__title="Typed afterwards")
    for answer in (other_field, other_value):
        assert answer.status_code == 409
        assert "You have changed what is to be done." in answer.text
    assert count(session, Article.published_at.is_not(None), Article.title != "Previewed") == 3
    assert send(admin, other_value.text, with__set_field="title", with__title="Typed afterwards").status_code == 302
    assert count(session, Article.title == "Typed afterwards") == 3


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """`refusing(True)` lets no column be set, `refusing(False)` every one."""

    def refuse(*_: object) -> None:
        raise BadInput("Not today.")

    def switch(on: bool) -> None:
        monkeypatch.setattr(SetValues, "run", refuse) if on else monkeypatch.undo()

    return switch


def test_what_failed_is_tried_again_once_and_only_where_it_still_matches(
    admin: FlaskClient, session: Session, refusing: Callable[[bool], None]
) -> None:
    articles = [make_article(session, title=f"match {n}") for n in range(2)]
    refusing(True)
    send(admin, ask(admin, "publish", where(["title", "starts_with", "match"])).text)
    job = the_job(session)
    assert (job.failed, job.changed) == (2, 0)
    refusing(False)
    session.get_one(Article, articles[0].id).title = "other by now"
    session.commit()
    again = admin.post(f"/admin/job/retry/?id={job.id}")
    assert again.status_code == 302
    twice = admin.post(f"/admin/job/retry/?id={job.id}", follow_redirects=True)
    assert "have been tried again already" in twice.text
    assert f"/admin/job/retry/?id={job.id}" not in twice.text
    assert worker(admin.application, Event()).work_once()
    assert count(session, Article.published_at.is_not(None)) == 1
    tried = session.scalars(sa.select(Job).where(Job.parent_id == job.id)).one()
    assert (tried.changed, tried.skipped, tried.words) == (1, 1, job.words)


def test_an_undo_is_not_tried_again_in_part(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = make_articles(session, 2)
    admin.post("/admin/article/action/", data={"action": "publish", "rowid": [a.id for a in articles]})
    admin.post(f"/admin/job/undo/?id={the_job(session).id}")
    undone = session.scalars(sa.select(Job).where(Job.kind == "undo")).one()
    undone.failed = 1
    session.commit()
    assert f"/admin/job/retry/?id={undone.id}" not in admin.get(f"/admin/job/details/?id={undone.id}").text
    told = admin.post(f"/admin/job/retry/?id={undone.id}", follow_redirects=True).text
    assert "it takes back what another did" in told


def test_a_job_that_ends_before_cancel_is_pressed_says_so_on_its_page(admin: FlaskClient, session: Session) -> None:
    make_articles(session, 1)
    send(admin, ask(admin, "publish").text)
    told = admin.post(f"/admin/job/cancel/?id={the_job(session).id}", follow_redirects=True)
    assert told.status_code == 200
    assert "This job has ended already." in told.text


def test_more_that_hangs_on_the_records_is_asked_about_again(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    make_article(session, user=ada)
    question = admin.post(
        "/admin/user/action/", data={"action": "delete", "all": "yes", "selection": ""}, follow_redirects=True
    )
    assert "Articles: 1. What becomes of them?" in question.text
    make_articles(session, 4, user_id=ada.id)
    chosen = {"typed": "1", "when-articles": "delete"}
    again = say_yes(admin, question.text, **chosen)
    assert again.status_code == 409
    assert "Articles: 5. What becomes of them?" in again.text
    assert count(session) == 5
    assert say_yes(admin, again.text, **chosen).status_code == 302
    assert count(session) == 0


def test_ticked_records_that_change_before_their_turn_are_not_deleted(
    app: Flask, admin: FlaskClient, session: Session
) -> None:
    articles = make_articles(session, 201)
    ticked = {"action": "delete", "rowid": [str(article.id) for article in articles]}
    question = admin.post("/admin/article/action/", data=ticked, follow_redirects=True)
    assert say_yes(admin, question.text, typed="201").status_code == 302
    articles[7].title = "Better by now"
    session.commit()
    working = worker(app, Event())
    while working.work_once():
        pass
    assert count(session) == 1
    assert count(session, Article.title == "Better by now") == 1
    job = the_job(session)
    assert (job.state, job.changed, job.skipped) == ("done", 200, 1)


def test_a_dialog_about_links_tells_how_many_are_made(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    articles = make_articles(session, 5)
    session.add_all(Collection(user_id=ada.id, article_id=article.id) for article in articles[:2])
    session.commit()
    adding = send(admin, ask(admin, "collect").text, with__users="ada")
    assert "3 records change · 2 are so already" in adding.text
    removing = send(admin, ask(admin, "uncollect").text, with__users="ada")
    assert "2 records change · 3 are so already" in removing.text


def test_all_that_match_are_exported_and_no_other_row(admin: FlaskClient, session: Session) -> None:
    for n in range(4):
        make_article(session, title=f"{'match' if n else 'other'} {n}")
    answer = choose(admin, "export", where(["title", "starts_with", "match"]))
    assert answer.status_code == 303
    lines = admin.get(answer.location).text.strip().splitlines()
    assert len(lines) == 4
    assert "other" not in "".join(lines)
