"""Bulk actions: on ticked rows and on all that match, told before, carried out as jobs, undone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.database.keys import has_key_of_many
from backoffice.models import Article, AuditEntry, Collection, Job, Role, User
from backoffice.records import chain
from backoffice.records.jobs import freezing
from tests.admin.bulk import ask, count, hidden, send, the_job, where
from tests.factories import NOON, make_article, make_articles, make_user


def test_all_that_match_are_published_and_it_is_undone(admin: FlaskClient, session: Session) -> None:
    for n in range(30):
        make_article(session, title=f"{'match' if n % 3 else 'other'} {n}")
    question = ask(admin, "publish", where(["title", "starts_with", "match"]))
    assert "Publish: 20 records" in question.text
    assert "Title starts with match" in re.sub("<[^>]+>|[“”]", "", question.text)
    done = send(admin, question.text)
    assert count(session, Article.published_at.is_not(None)) == 20
    job = the_job(session)
    assert (job.state, job.changed, job.unchanged) == ("done", 20, 0)
    page = admin.get(done.location)
    assert "20 articles were published" in page.text
    undo = re.search(r'action="(/admin/job/undo/[^"]+)"', page.text)
    assert undo
    assert admin.post(undo[1].replace("&amp;", "&"), data={"url": "/admin/article/"}).status_code == 302
    assert count(session, Article.published_at.is_not(None)) == 0
    assert "Undone by" in admin.get(f"/admin/job/details/?id={job.id}").text
    article = session.scalars(sa.select(Article).where(Article.title.startswith("match"))).first()
    assert article is not None
    assert article.version == 3
    history = admin.get(f"/admin/article/history/?id={article.id}").text
    assert f"job {job.id}" in history
    assert "Reverted" in history
    assert chain.verify(session).broken is None


def test_no_row_is_lost_where_there_are_many(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if each portion of keys held three of them: they are put down while more are read.
    monkeypatch.setattr(freezing, "PORTION", 3)
    monkeypatch.setattr(freezing, "TOGETHER", 2)
    make_articles(session, 50)
    send(admin, ask(admin, "publish").text)
    assert (the_job(session).length, the_job(session).changed) == (50, 50)
    assert count(session, Article.published_at.is_not(None)) == 50


@pytest.mark.parametrize("wanted", [range(5, 45), [*range(5, 30), *range(31, 46)], range(1, 50, 3), [7], [], [-5, 9]])
def test_many_keys_are_these_keys_and_no_others(session: Session, wanted: Sequence[int]) -> None:
    """Close together, with a few missing, far apart, and hardly any."""
    first = make_articles(session, 50)[0].id
    keys = [(first + key,) for key in wanted]
    found = session.scalars(sa.select(Article.id).where(has_key_of_many(Article, keys)).order_by(Article.id))
    assert list(found) == [key for (key,) in keys if key >= first]


def test_what_others_changed_since_is_left_alone_by_an_undo(admin: FlaskClient, session: Session) -> None:
    articles = make_articles(session, 3)
    admin.post("/admin/article/action/", data={"action": "publish", "rowid": [a.id for a in articles]})
    job = the_job(session)
    articles[0].title = "Changed since"
    session.commit()
    admin.post(f"/admin/job/undo/?id={job.id}")
    assert count(session, Article.published_at.is_not(None)) == 1
    undone = session.scalars(sa.select(Job).where(Job.kind == "undo")).one()
    assert (undone.changed, undone.skipped) == (2, 1)
    assert "Somebody has changed it since." in admin.get(f"/admin/job/details/?id={undone.id}").text
    assert "Somebody has changed it since." in admin.get(f"/admin/job/failed/?id={undone.id}").text
    assert admin.post(f"/admin/job/undo/?id={job.id}").status_code == 409


def test_a_field_is_set_after_it_was_shown_what_becomes_of_it(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    make_articles(session, 4)
    make_article(session, user=ada)
    question = ask(admin, "set")
    question = send(admin, question.text, with__set_field="user")
    assert 'name="with-user"' in question.text
    wanted = {"with__set_field": "user", "with__user": "ada"}
    question = send(admin, question.text, **wanted)
    assert "<ins>" in question.text
    assert "4 records change · 1 is so already" in question.text
    assert send(admin, question.text, **wanted).status_code == 302
    assert count(session, Article.user_id == ada.id) == 5
    assert (the_job(session).changed, the_job(session).unchanged) == (4, 1)


def test_a_title_is_set_with_its_search_tokens(admin: FlaskClient, session: Session) -> None:
    make_articles(session, 3)
    wanted = {"with__set_field": "title", "with__title": "Tomatoes all the way"}
    question = send(admin, send(admin, ask(admin, "set").text, with__set_field="title").text, **wanted)
    assert send(admin, question.text, **wanted).status_code == 302
    assert count(session, Article.title == "Tomatoes all the way") == 3
    assert admin.get("/admin/article/?search=tomatoes").text.count("Tomatoes all the way") >= 3
    job = the_job(session)
    told = re.findall(r"<d[td][^>]*>(.*?)</d[td]>", admin.get(f"/admin/job/details/?id={job.id}").text, re.S)
    assert told[told.index("Field") :][:4] == ["Field", "Title", "Title", "Tomatoes all the way"]
    admin.post(f"/admin/job/undo/?id={job.id}")
    assert count(session, Article.title == "Tomatoes all the way") == 0


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("title", "", "required"), ("user", "nobody", "No author"), ("id", "7", "is not one of the choices")],
)
def test_a_wrong_value_is_told_and_nothing_is_done(
    admin: FlaskClient, session: Session, field: str, value: str, words: str
) -> None:
    make_articles(session, 2)
    before = list(session.scalars(sa.select(Article.version)))
    question = send(admin, ask(admin, "set").text, with__set_field=field)
    refused = send(admin, question.text, **{"with__set_field": field, f"with__{field}": value})
    assert words in refused.text
    assert "<ins>" not in refused.text
    session.rollback()
    assert list(session.scalars(sa.select(Article.version))) == before
    assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


def test_articles_are_handed_over_and_collected(admin: FlaskClient, session: Session) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    make_articles(session, 3, user_id=ada.id)
    question = send(admin, ask(admin, "hand_over").text, with__user="bob")
    assert send(admin, question.text, with__user="bob").status_code == 302
    assert count(session, Article.user_id == bob.id) == 3
    links = sa.select(sa.func.count()).select_from(Collection)
    for action, expected in (("collect", 3), ("uncollect", 0)):
        question = send(admin, ask(admin, action).text, with__users="ada")
        assert send(admin, question.text, with__users="ada").status_code == 302
        session.rollback()
        assert session.scalar(links) == expected
    newest = session.scalars(sa.select(Job.id).order_by(Job.id.desc())).first()
    admin.post(f"/admin/job/undo/?id={newest}")
    session.rollback()
    assert session.scalar(links) == 3


def test_all_that_match_are_deleted_once_their_number_is_typed(admin: FlaskClient, session: Session) -> None:
    for n in range(6):
        make_article(session, title=f"{'spam' if n < 4 else 'good'} {n}")
    question = ask(admin, "delete", where(["title", "starts_with", "spam"]))
    assert "Type “4” to confirm" in question.text
    refused = send(admin, question.text)
    assert refused.status_code == 400
    # The filter is another one in a second tab meanwhile: what was asked about is what goes.
    admin.get("/admin/article/?" + where(["title", "starts_with", "good"]))
    assert send(admin, refused.text, typed="4").status_code == 302
    assert set(session.scalars(sa.select(Article.title))) == {"good 4", "good 5"}
    job = the_job(session)
    assert admin.post(f"/admin/job/undo/?id={job.id}").status_code == 302
    assert count(session) == 6


def test_users_are_deleted_with_what_was_chosen_for_their_articles(admin: FlaskClient, session: Session) -> None:
    heir = make_user(session, username="heir")
    for name in ("ada", "bob"):
        make_articles(session, 2, user_id=make_user(session, username=name).id)
    selection = where(["username", "in", ["ada", "bob"]])
    question = admin.post(
        "/admin/user/action/", data={"action": "delete", "all": "yes", "selection": selection}, follow_redirects=True
    )
    assert "Articles: 4. What becomes of them?" in question.text
    chosen = {"when-articles": "hand over", "to-articles": "heir", "typed": "2"}
    done = admin.post("/admin/user/bulk/", data={**hidden(question.text), **chosen})
    assert done.status_code == 302, done.text
    assert count(session, Article.user_id == heir.id) == 4
    assert list(session.scalars(sa.select(User.username))) == ["heir"]


def test_more_rows_than_were_asked_about_are_asked_about_again(admin: FlaskClient, session: Session) -> None:
    make_articles(session, 2)
    question = ask(admin, "publish")
    make_article(session)
    again = send(admin, question.text)
    assert again.status_code == 409
    assert "Now 3 rows match" in again.text
    assert count(session, Article.published_at.is_not(None)) == 0
    assert send(admin, again.text).status_code == 302
    assert count(session, Article.published_at.is_not(None)) == 3


def test_sent_twice_it_is_done_once(admin: FlaskClient, session: Session) -> None:
    make_articles(session, 2)
    question = ask(admin, "publish")
    first, second = send(admin, question.text), send(admin, question.text)
    assert (first.status_code, second.status_code) == (302, 302)
    assert the_job(session).changed == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.action == "update")) == 1


def test_the_question_is_for_whoever_it_was_asked_of(
    admin: FlaskClient, session: Session, sign_in: Callable[..., FlaskClient]
) -> None:
    make_articles(session, 2)
    question = ask(admin, "publish")
    other = sign_in("editor", "other@example.com")
    assert send(other, question.text).status_code == 400
    forged = {**hidden(question.text), "action": "withdraw"}
    assert admin.post("/admin/article/bulk/", data=forged).status_code == 400
    assert count(session, Article.published_at.is_not(None)) == 0


def test_without_the_permission_there_is_no_action_and_no_job(
    session: Session, sign_in: Callable[..., FlaskClient]
) -> None:
    viewer = sign_in("viewer", "viewer@example.com")
    make_articles(session, 30)
    for action in ("publish", "set", "delete", "hand_over", "collect"):
        assert ask(viewer, action).status_code == 403
        assert viewer.post("/admin/article/bulk/", data={"action": action}).status_code == 403
    page = viewer.get("/admin/article/").text
    assert 'name="all"' not in page
    role = session.scalars(sa.select(Role).where(Role.name == "editor")).one()
    role.permissions = ["article:read", "article:edit"]
    session.commit()
    editor = sign_in("editor", "editor2@example.com")
    choices = ask(editor, "set").text
    assert 'value="title"' in choices
    assert 'value="published_at"' not in choices


def test_jobs_of_others_are_seen_by_who_may_see_all(
    admin: FlaskClient, session: Session, sign_in: Callable[..., FlaskClient]
) -> None:
    make_articles(session, 1)
    viewer = sign_in("viewer", "viewer@example.com")
    editor = sign_in("editor", "own@example.com")
    send(editor, ask(editor, "publish").text)
    job = the_job(session)
    page = f"/admin/job/details/?id={job.id}"
    assert [client.get(page).status_code for client in (editor, admin, viewer)] == [200, 200, 404]
    assert viewer.post(f"/admin/job/undo/?id={job.id}").status_code == 404
    assert "own@example.com" in admin.get("/admin/job/").text


def test_published_ones_keep_their_moment_and_are_told(admin: FlaskClient, session: Session) -> None:
    old, new = make_article(session, published_at=NOON), make_article(session)
    done = admin.post("/admin/article/action/", data={"action": "publish", "rowid": [old.id, new.id]})
    assert "1 article was published. 1 were so already." in admin.get(done.location).text
    session.expire_all()
    assert old.published_at == NOON
    assert new.published


def test_a_search_is_a_selection_too(admin: FlaskClient, session: Session) -> None:
    make_article(session, title="番茄育苗笔记")
    make_article(session, title="Something else")
    question = ask(admin, "publish", urlencode({"search": "番茄"}))
    assert "Publish: 1 record<" in question.text
    assert send(admin, question.text).status_code == 302
    assert [a.title for a in session.scalars(sa.select(Article)) if a.published_at] == ["番茄育苗笔记"]
    wrong = ask(admin, "publish", where(["nothing", "is", 1]))
    assert wrong.status_code == 400


def test_ticked_rows_are_exported_by_themselves(admin: FlaskClient, session: Session) -> None:
    one, _two, three = make_articles(session, 3)
    answer = admin.post("/admin/article/action/", data={"action": "export", "rowid": [one.id, three.id]})
    lines = admin.get(answer.location).text.strip().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [str(three.id), str(one.id)]
