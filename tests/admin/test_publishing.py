"""Publishing, withdrawing and scheduling an article from its own pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Article, AuditEntry, Role, utcnow
from tests.factories import NOON, make_article
from tests.pages import form_of

LATER = datetime(2099, 12, 31, 18, 30, tzinfo=UTC)
SCHEDULE = "/admin/article/schedule/"


def state(client: FlaskClient, article: Article, page: str = "details") -> tuple[str, set[str], bool]:
    """What the page says of it, which buttons it has, and whether it offers a time."""
    text = client.get(f"/admin/article/{page}/?id={article.id}").text
    found = re.search(r'data-state="(\w+)"', text)
    assert found
    return found[1], set(re.findall(r'name="action" value="(\w+)"', text)), f'href="{SCHEDULE}' in text


def moment_of(session: Session, article: Article) -> datetime | None:
    session.expire_all()
    return session.get_one(Article, article.id).published_at


@pytest.mark.sqlite_only
@pytest.mark.parametrize("page", ["details", "edit"])
def test_both_pages_tell_the_state_and_offer_what_follows(admin: FlaskClient, session: Session, page: str) -> None:
    article = make_article(session)
    assert state(admin, article, page) == ("draft", {"publish"}, True)
    article.published_at = LATER
    session.commit()
    assert state(admin, article, page) == ("scheduled", {"publish", "withdraw"}, True)
    article.published_at = NOON
    session.commit()
    assert state(admin, article, page) == ("published", {"withdraw"}, False)


def test_an_article_is_scheduled_then_published_then_withdrawn(admin: FlaskClient, session: Session) -> None:
    article = make_article(session)
    back = f"/admin/article/edit/?id={article.id}"
    asked = admin.get(SCHEDULE, query_string={"id": article.id, "url": back}).text
    assert 'type="datetime-local"' in asked
    answer = admin.post(SCHEDULE, data={"id": article.id, "url": back, "moment": "2099-12-31T18:30"})
    assert (answer.status_code, answer.location) == (302, back)
    assert moment_of(session, article) == LATER
    assert 'value="2099-12-31T18:30"' in admin.get(SCHEDULE, query_string={"id": article.id}).text
    before = utcnow()
    answer = admin.post("/admin/article/action/", data={"action": "publish", "rowid": article.id, "url": back})
    assert answer.location == back
    assert before - timedelta(seconds=1) <= (moment_of(session, article) or LATER) <= utcnow()
    admin.post("/admin/article/action/", data={"action": "withdraw", "rowid": article.id, "url": back})
    assert moment_of(session, article) is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Give a day and a time."),
        ("2001-01-01T00:00", "That moment has passed."),
        ("tomorrow", "is not a date with a time"),
        ("2099-02-31T10:00", "is not a date with a time"),
        ("<script>", "is not a date with a time"),
    ],
)
def test_a_time_that_cannot_be_gets_a_sentence(admin: FlaskClient, session: Session, typed: str, sentence: str) -> None:
    article = make_article(session)
    answer = admin.post(SCHEDULE, data={"id": article.id, "moment": typed})
    assert answer.status_code == 400
    found = re.search(r'id="moment-error".*?<span>(.*?)</span>', answer.text, re.S)
    assert found
    assert sentence in found[1]
    assert moment_of(session, article) is None
    assert typed in answer.text or typed == "<script>"


@pytest.mark.sqlite_only
def test_what_was_published_meanwhile_is_not_taken_from_readers(admin: FlaskClient, session: Session) -> None:
    article = make_article(session, published_at=NOON)
    answer = admin.post(SCHEDULE, data={"id": article.id, "moment": "2099-12-31T18:30"})
    assert answer.status_code == 409
    assert "Withdraw it first" in answer.text
    assert 'value="2099-12-31T18:30"' in answer.text
    assert moment_of(session, article) == NOON


@pytest.mark.sqlite_only
def test_the_way_back_stays_on_this_site(admin: FlaskClient, session: Session) -> None:
    article = make_article(session)
    data = {"id": article.id, "moment": "2099-12-31T18:30", "url": "//evil.example"}
    assert admin.post(SCHEDULE, data=data).location == f"/admin/article/details/?id={article.id}"
    assert admin.get(SCHEDULE, query_string={"id": "no"}).status_code == 404


@pytest.mark.sqlite_only
def test_whoever_may_not_publish_sees_the_state_and_no_button(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    viewer, article = sign_in("viewer"), make_article(session)
    assert state(viewer, article) == ("draft", set(), False)
    assert viewer.get(SCHEDULE, query_string={"id": article.id}).status_code == 403
    assert viewer.post(SCHEDULE, data={"id": article.id, "moment": "2099-12-31T18:30"}).status_code == 403
    assert moment_of(session, article) is None


@pytest.mark.sqlite_only
def test_whoever_may_edit_and_not_publish_cannot_say_when_by_any_way(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    session.add(Role(name="writer", permissions=["article:read", "article:edit", "article:create", "user:read"]))
    session.commit()
    writer, article = sign_in("writer"), make_article(session, title="Old")
    edit, when = f"/admin/article/edit/?id={article.id}", "2020-01-01T00:00"
    page = writer.get(edit).text
    assert 'name="published_at"' not in page
    form = form_of(page, "title", "content", "version", "shown", "form_id")
    assert writer.post(edit, data={**form, "title": "New", "published_at": when}).status_code == 302
    session.expire_all()
    assert (article.title, article.published_at) == ("New", None)
    editable = re.findall(r'data-name="(\w+)"[^>]*data-editable', writer.get("/admin/article/").text)
    assert editable == ["title", "user"]
    for address in ("cell", "ajax/update"):
        where = f"/admin/article/{address}/?id={article.id}&name=published_at"
        sent = {"published_at": when, "version": str(article.version)}
        answer = writer.get(where) if address == "cell" else writer.post(where, data=sent)
        assert answer.status_code == 404
    article.published_at = NOON
    session.commit()
    entry = session.scalar(sa.select(sa.func.max(AuditEntry.id)))
    writer.post(f"/admin/article/revert/?id={article.id}", data={"entry": entry, "form_id": "taken-back"})
    assert moment_of(session, article) == NOON
    made = form_of(writer.get("/admin/article/new/").text, "content", "form_id")
    assert writer.post("/admin/article/new/", data={**made, "title": "Made", "published_at": when}).status_code == 302
    session.expire_all()
    assert session.scalars(sa.select(Article.published_at).order_by(Article.id)).all() == [NOON, None]
