"""What operators tell staff, and hold back, while they work."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.extensions import db
from backoffice.models import Article, Draft, Notice, utcnow
from backoffice.operations import notices
from tests.factories import make_article, make_user
from tests.pages import field_value, form_of

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}
pytestmark = pytest.mark.usefixtures("nothing_stands")
HELD = "The database moves to its new home."
FIELDS = ("title", "user", "published_at", "content", "version", "shown", "form_id")


def banner(page: str, kind: str) -> str:
    """What stands over a page; nothing where it is hidden."""
    found = re.search(rf'<p class="banner[^>]*data-banner="{kind}"[^>]*>.*?</p>', page, re.S)
    assert found
    if " hidden>" in found[0].split("\n")[0]:
        return ""
    words = re.search(r"data-message>(.*?)</span>", found[0])
    assert words
    return words[1]


def test_a_notice_stands_over_every_page_until_it_is_taken_down(
    admin: FlaskClient, flask: Callable[..., str], session: Session
) -> None:
    article = make_article(session)
    assert "No notice stands" in flask("ops", "notice")
    assert banner(admin.get("/admin/").text, "notice") == ""
    assert "warning: Upgrade at <18:00>" in flask("ops", "notice", "Upgrade at <18:00>", "--level", "warning")
    for path in ("/admin/", "/admin/article/", f"/admin/article/edit/?id={article.id}", "/admin/nowhere/"):
        assert banner(admin.get(path).text, "notice") == "Upgrade at &lt;18:00&gt;", path
    assert 'class="banner banner-warning" data-banner="notice"' in admin.get("/admin/").text
    flask("ops", "notice", "Another")
    assert "info: Another" in flask("ops", "notice", "show")
    assert banner(admin.get("/admin/").text, "notice") == "Another"
    flask("ops", "notice", "--clear")
    assert banner(admin.get("/admin/").text, "notice") == ""
    assert "No notice stood" in flask("ops", "notice", "--clear")


@pytest.mark.sqlite_only
def test_a_notice_is_for_staff_alone_and_goes_by_itself_when_its_time_has_come(
    admin: FlaskClient, client: FlaskClient, flask: Callable[..., str], session: Session, app: Flask
) -> None:
    soon = (utcnow() + timedelta(hours=1)).isoformat()
    assert "until" in flask("ops", "notice", "Back at six", "--until", soon)
    assert banner(admin.get("/admin/").text, "notice") == "Back at six"
    assert "Back at six" not in client.get("/sign-in").text
    assert "notice" not in (client.get("/session").json or {})
    session.execute(sa.update(Notice).values(until=utcnow() - timedelta(seconds=1)))
    session.commit()
    app.extensions.pop("backoffice.notices")
    assert banner(admin.get("/admin/").text, "notice") == ""
    assert "No notice stands" in flask("ops", "notice")


@pytest.mark.sqlite_only
def test_what_was_put_away_stays_away_in_this_browser_until_another_is_told(
    admin: FlaskClient, flask: Callable[..., str]
) -> None:
    flask("ops", "notice", "First")
    name = re.search(r'data-banner="notice" data-id="(\w+)"', admin.get("/admin/").text)
    assert name
    admin.set_cookie("notice", name[1])
    assert banner(admin.get("/admin/").text, "notice") == ""
    flask("ops", "notice", "Second")
    assert banner(admin.get("/admin/").text, "notice") == "Second"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["notice", ""], "1 to 500 characters"),
        (["notice", "x" * 501], "1 to 500 characters"),
        (["notice", "Late", "--until", "2020-01-01"], "still to come"),
        (["notice", "Soon", "--until", "soon"], "2026-01-31T18:00+01:00"),
        (["notice", "Late", "--until", "9999-12-31T23:59:59-14:00"], "2026-01-31T18:00+01:00"),
        (["notice", "\udcff"], "not UTF-8"),
        (["read-only", "on", "--message", " "], "1 to 500 characters"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_sentence(flask: Callable[..., str], words: list[str], said: str) -> None:
    assert said in flask("ops", *words, code=2)


@pytest.mark.sqlite_only
def test_an_open_page_hears_of_it_from_what_it_asks_anyway(
    admin: FlaskClient, flask: Callable[..., str], session: Session
) -> None:
    article = make_article(session)
    beat = {"id": str(article.id), "page": "page-of-ada"}
    flask("ops", "notice", "Upgrade at six")
    flask("ops", "read-only", "on", "--message", HELD)
    for told in (admin.post("/admin/article/presence/", data=beat), admin.get("/session")):
        assert told.json is not None
        assert (told.json["notice"]["message"], told.json["read_only"]) == ("Upgrade at six", HELD)


def test_in_read_only_mode_every_write_is_refused_with_the_operator_s_words_and_nothing_changes(
    admin: FlaskClient, flask: Callable[..., str], session: Session
) -> None:
    article, user = make_article(session, title="Old"), make_user(session, username="ada")
    edit = f"/admin/article/edit/?id={article.id}"
    form = form_of(admin.get(edit).text, *FIELDS)
    flask("ops", "read-only", "on", "--message", HELD)
    refused = [
        admin.post(edit, data={**form, "title": "New"}),
        admin.post("/admin/article/new/", data={"title": "New", "form_id": "a" * 32}),
        admin.post(f"/admin/user/delete/?id={user.id}", data={"id": str(user.id)}),
        admin.post("/admin/article/action/", data={"action": "publish", "rowid": str(article.id)}),
        admin.post("/admin/article/import/"),
        admin.post("/admin/article/views/new/", data={"name": "Mine", "sort": "title"}),
    ]
    cell = admin.post(f"/admin/user/ajax/update/?id={user.id}&name=name", data={"name": "New"}, headers=SCRIPT)
    assert [answer.status_code for answer in [*refused, cell]] == [503] * 7
    assert {answer.headers["Retry-After"] for answer in [*refused, cell]} == {"60"}
    assert all(HELD in answer.text for answer in refused)
    assert cell.json is not None
    assert HELD in cell.json["error"]
    session.expire_all()
    assert (article.title, article.published_at, user.name == "New") == ("Old", None, False)
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1
    flask("ops", "read-only", "off")
    assert admin.post(edit, data={**form, "title": "New"}).status_code == 302
    session.expire_all()
    assert article.title == "New"


@pytest.mark.sqlite_only
def test_every_route_that_takes_a_form_is_refused_but_for_those_that_change_no_record(
    app: Flask, admin: FlaskClient, flask: Callable[..., str]
) -> None:
    flask("ops", "read-only", "on", "--message", HELD)
    open_: set[str] = set()
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint == "security.logout":
            continue
        answer = admin.post(rule.rule, headers=SCRIPT)
        if not (answer.status_code == 503 and answer.json and HELD in answer.json["error"]):
            open_.add(rule.endpoint.rpartition(".")[2])
    assert open_ == {
        "login", "change_password", "preferences", "draft_keep", "draft_discard", "presence_view", "preview_view",
        "new_preview_view",
    }  # fmt: skip


@pytest.mark.sqlite_only
def test_in_read_only_mode_people_sign_in_and_read_and_what_they_typed_is_kept(
    sign_in: Callable[..., FlaskClient], flask: Callable[..., str], session: Session
) -> None:
    article = make_article(session, title="Old")
    flask("ops", "read-only", "on", "--message", HELD)
    editor = sign_in("editor")
    edit = f"/admin/article/edit/?id={article.id}"
    page = editor.get(edit)
    assert page.status_code == 200
    assert banner(page.text, "read-only") == HELD
    assert re.search(r"<button[^>]*data-save disabled data-held", page.text)
    draft = {"copy": "tab-of-ada", "fields": {"title": ["Typed"]}}
    kept = editor.post("/admin/article/draft/keep/", data={"id": str(article.id), "draft": json.dumps(draft)})
    assert kept.status_code == 200
    assert session.scalars(sa.select(Draft)).one().fields == {"title": ["Typed"]}
    # Without scripts: a way back to the form that holds what was typed.
    refused = editor.post(edit, data={**form_of(page.text, *FIELDS), "title": "Typed"})
    assert (refused.status_code, field_value(refused.text, "title")) == (503, "Typed")
    again = {
        name: field_value(refused.text, name) for name in ("title", "content", "version", "shown", "_typed_before")
    }
    shown = editor.post(edit, data=again)
    assert (shown.status_code, field_value(shown.text, "title")) == (200, "Typed")
    session.expire_all()
    assert article.title == "Old"


@pytest.mark.sqlite_only
def test_what_stands_is_asked_once_in_two_seconds_however_many_pages_are_drawn(
    admin: FlaskClient, app: Flask, flask: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(notices, "monotonic", lambda: now[0])
    statements: list[str] = []
    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for moment in (1000.0, 1000.5, 1001.9, 1002.1, 1003.0):
        now[0] = moment
        admin.get("/admin/article/")
    assert sum("FROM notice" in statement for statement in statements) == 2
    statements.clear()
    now[0] += 10
    for path in ("/healthz", "/sign-in", "/static/js/main.js"):
        app.test_client().get(path).close()
    assert not any("FROM notice" in statement for statement in statements)


def test_pages_are_drawn_where_the_table_is_missing(admin: FlaskClient, app: Flask, session: Session) -> None:
    table: Any = Notice.__table__
    table.drop(session.connection())
    session.commit()
    try:
        page = admin.get("/admin/article/")
        assert page.status_code == 200
        assert banner(page.text, "notice") == ""
    finally:
        table.create(session.connection())
        session.commit()
