"""Drafts and presence over HTTP: who may, what is refused, what a save settles, and what each costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Article, Draft, Presence
from tests.factories import make_article
from tests.pages import form_of

ASKED = {"X-Requested-With": "fetch"}
COPY = "0123456789abcdef"


def keep(browser: FlaskClient, key: Any = "", **draft: Any) -> Any:
    sent = {"copy": COPY, "title": "Title", "fields": {"content": ["mine"]}, "version": "1", **draft}
    return browser.post("/admin/article/draft/keep/", data={"id": str(key), "draft": json.dumps(sent)}, headers=ASKED)


def drafts_of(browser: FlaskClient, key: Any = "") -> list[dict[str, Any]]:
    where = f"?id={key}" if key else ""
    found: list[dict[str, Any]] = browser.get(f"/admin/article/draft/{where}", headers=ASKED).json["drafts"]
    return found


def test_a_draft_changes_no_record_and_goes_when_its_form_is_saved(
    sign_in: Callable[..., FlaskClient], session: Session
):
    editor, article = sign_in("editor"), make_article(session, title="Old", content="old")
    assert keep(editor, article.id, shown="{}", labels={"user": "ada"}).status_code == 200
    assert [(d["copy"], d["fields"], d["version"]) for d in drafts_of(editor, article.id)] == [
        (COPY, {"content": ["mine"]}, "1")
    ]
    session.expire_all()
    assert (article.content, article.version) == ("old", 1)
    assert "Old" in editor.get("/admin/").text.split("drafts-list")[1].split("</ul>")[0]
    path = f"/admin/article/edit/?id={article.id}"
    form = form_of(editor.get(path).text, "title", "user", "published_at", "content", "version")
    assert editor.post(path, data={**form, "title": "", "_draft": COPY}).status_code == 422
    assert len(drafts_of(editor, article.id)) == 1
    saved = editor.post(path, data={**form, "content": "mine", "_draft": COPY})
    assert saved.status_code == 302
    assert any(f"saved-drafts={COPY}" in cookie for cookie in saved.headers.getlist("Set-Cookie"))
    assert drafts_of(editor, article.id) == []
    assert "drafts-list" not in editor.get("/admin/").text


def test_drafts_are_their_person_s_alone_and_ask_for_the_permission_of_the_form(
    sign_in: Callable[..., FlaskClient], session: Session
):
    editor, admin, viewer = sign_in("editor"), sign_in("admin"), sign_in("viewer")
    article = make_article(session)
    for key in (article.id, ""):
        assert keep(editor, key).status_code == 200
        assert drafts_of(admin, key) == []
        assert keep(viewer, key).status_code == 403
    assert viewer.get(f"/admin/article/draft/?id={article.id}", headers=ASKED).status_code == 403
    assert drafts_of(viewer) == []
    admin.post("/admin/article/draft/discard/", data={"copies": COPY})
    assert len(drafts_of(editor)) == 1
    editor.post("/admin/article/draft/discard/", data={"copies": COPY})
    assert drafts_of(editor) == drafts_of(editor, article.id) == []
    assert keep(editor, 987654).status_code == 404
    assert admin.get("/admin/user/draft/", headers=ASKED).status_code == 404


def test_a_draft_of_a_record_that_is_gone_is_not_shown(sign_in: Callable[..., FlaskClient], session: Session):
    editor, article = sign_in("editor"), make_article(session)
    keep(editor, article.id)
    session.delete(article)
    session.commit()
    assert "drafts-list" not in editor.get("/admin/").text
    assert session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 1


@pytest.mark.parametrize(
    "draft",
    [
        "",
        "no json",
        "[]",
        "[" * 20_000,
        '{"copy": "x", "fields": {}}',
        '{"copy": "0123456789", "fields": {"content": "text"}}',
        '{"copy": "0123456789", "fields": {"content": [1]}}',
        '{"copy": "0123456789", "fields": {"content": ["\\ud800"]}}',
        '{"copy": "0123456789", "fields": [], "labels": 1}',
        json.dumps({"copy": COPY, "fields": {"content": ["x" * 1_000_001]}}),
    ],
)
@pytest.mark.sqlite_only
def test_what_is_no_draft_is_refused_in_a_sentence(admin: FlaskClient, draft: str):
    answer = admin.post("/admin/article/draft/keep/", data={"draft": draft}, headers=ASKED)
    assert answer.status_code == 400
    assert answer.json["error"].endswith(".")


@pytest.mark.sqlite_only
def test_only_fields_of_the_form_are_kept(admin: FlaskClient):
    keep(admin, fields={"title": ["T"], "csrf_token": ["t"], "password": ["p"], "version": ["9"]})
    assert [d["fields"] for d in drafts_of(admin)] == [{"title": ["T"]}]


def beat(browser: FlaskClient, key: Any, page: str, **pairs: str) -> Any:
    return browser.post("/admin/article/presence/", data={"id": str(key), "page": page, **pairs}, headers=ASKED)


def test_people_at_a_record_are_told_of_each_other_and_of_its_version(
    sign_in: Callable[..., FlaskClient], session: Session, count_statements: Callable[[], Any]
):
    editor, viewer, article = sign_in("editor"), sign_in("viewer"), make_article(session)
    assert beat(editor, article.id, "page-of-editor", editing="true").json["people"] == []
    told = beat(viewer, article.id, "page-of-viewer", editing="true").json
    assert told["people"] == [{"email": "editor@example.com", "editing": True}]
    assert told["version"] == "1"
    # Who may not edit is not said to.
    assert beat(editor, article.id, "page-of-editor", editing="true").json["people"][0]["editing"] is False
    session.expire_all()
    article.title = "Later"
    session.commit()
    with count_statements() as statements:
        assert beat(editor, article.id, "page-of-editor").json["version"] == "2"
    assert len([s for s in statements if "PRAGMA" not in s]) <= 9, statements
    beat(viewer, article.id, "page-of-viewer", leaving="1")
    assert beat(editor, article.id, "page-of-editor").json["people"] == []


@pytest.mark.sqlite_only
def test_presence_is_told_to_those_who_may_read_the_record_alone(sign_in: Callable[..., FlaskClient], session: Session):
    editor, article = sign_in("editor"), make_article(session)
    assert editor.post("/admin/staff/presence/", data={"id": "1", "page": "page-of-editor"}).status_code == 403
    assert beat(editor, 987654, "page-of-editor").status_code == 404
    assert beat(editor, article.id, "no page!").status_code == 400
    assert session.scalars(sa.select(Presence)).all() == []


@pytest.mark.sqlite_only
def test_presence_that_cannot_be_kept_fails_no_page(
    sign_in: Callable[..., FlaskClient], session: Session, caplog: pytest.LogCaptureFixture
):
    editor, article = sign_in("editor"), make_article(session)
    session.execute(sa.text("DROP TABLE presence"))
    session.commit()
    try:
        answer = beat(editor, article.id, "page-of-editor")
    finally:
        Presence.__table__.create(session.connection())  # type: ignore[attr-defined]
        session.commit()
    assert (answer.status_code, answer.json["people"]) == (200, [])
    assert "presence could not be kept" in caplog.text


def test_a_form_is_shown_again_with_what_was_typed_and_nothing_is_saved(
    sign_in: Callable[..., FlaskClient], session: Session
):
    editor, article = sign_in("editor"), make_article(session, title="Old")
    again = {"title": "Typed", "content": "text", "version": "1", "_typed_before": "1"}
    page = editor.post(f"/admin/article/edit/?id={article.id}", data=again)
    assert (page.status_code, 'value="Typed"' in page.text, "Not saved yet" in page.text) == (200, True, True)
    new = editor.post("/admin/article/new/", data=again)
    assert (new.status_code, 'value="Typed"' in new.text) == (200, True)
    session.expire_all()
    assert [(a.title, a.version) for a in session.scalars(sa.select(Article))] == [("Old", 1)]


@pytest.mark.sqlite_only
def test_a_key_written_another_way_means_the_same_record(admin: FlaskClient, session: Session):
    article = make_article(session)
    for key in (f" {article.id}", f"0{article.id}"):
        kept = keep(admin, key)
        assert kept.status_code == 200 or kept.status_code == 404
    assert [key for (key,) in session.execute(sa.select(Draft.record_key))] in ([], [str(article.id)])
