"""No page shows an English word to who reads Chinese, whether it is in the catalogue or was never put there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import NOON, collect, make_article, make_user
from tests.pages import confirm, form_of

pytestmark = pytest.mark.sqlite_only
# Names of the product, of formats, units, keys and settings, languages under their own name, and a role, which is data.
NAMES = {"Backoffice", "CSV", "English", "Excel", "ID", "JSON", "Markdown", "UTC", "XLSX", "admin", "viewer"}
NAMES |= {"Ctrl", "Esc", "MB", "UPLOADS", "backoffice"}
# What people and machines wrote: code and its excerpts, keys of the keyboard, what was typed into a text area.
UNTRANSLATED = {"script", "style", "code", "kbd", "textarea"}
SPOKEN = {"title", "aria-label", "placeholder", "alt"}
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Words(HTMLParser):
    """The Latin words a person meets on a page, in its text and in the attributes that are shown or read out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.path: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.path.append(tag)
        self.texts += [v for name, v in attrs if v and (name in SPOKEN or name.startswith("data-text"))]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Leaves nothing open."""

    def handle_endtag(self, tag: str) -> None:
        if tag in self.path:
            while self.path.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not UNTRANSLATED & set(self.path):
            self.texts.append(data)

    @property
    def foreign(self) -> list[str]:
        """The texts with a Latin word that is no name, no id, and no part of an email address or a `{placeholder}`."""
        known = r"\S+@\S+|\{\w+\}|JSON lines|\b[0-9a-f]{16,}\b"
        plain = (re.sub(known, "", text).strip() for text in self.texts)
        return [text for text in plain if set(re.findall(r"[A-Za-z]{2,}", text)) - NAMES]


@pytest.fixture
def admin(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return chinese(sign_in("admin"))


@pytest.fixture
def rows(session: Session) -> None:
    """An author, who collects, and two articles, all under Chinese names."""
    author = make_user(session, username="王伟", name="王伟", address="南京路", email="w@example.com")
    out = make_article(session, title="三体", content="正文", user=author, published_at=NOON)
    make_article(session, title="草稿", content="")
    collect(session, author, out)


def chinese(browser: FlaskClient) -> FlaskClient:
    browser.set_cookie("locale", "zh_Hans_CN")
    return browser


def check(response: TestResponse, status: int) -> None:
    page = response.get_data(as_text=True)
    assert response.status_code == status, page
    assert re.search("[\u4e00-\u9fff]", page)
    assert Words(page).foreign == []


def where(*conditions: object, match: str = "all") -> str:
    return json.dumps({match: conditions}, ensure_ascii=False)


def test_the_words_of_an_english_page_are_seen(client: FlaskClient) -> None:
    found = Words(client.get("/sign-in").get_data(as_text=True)).foreign
    assert {"Sign in", "Email address", "Show the password", "Skip to the content"} <= set(found)


PAGES = (
    "/admin/",
    "/admin/?days=365",
    "/admin/article/",
    "/admin/article/?search=无",
    "/admin/article/new/",
    "/admin/article/details/?id=1",
    "/admin/article/edit/?id=1",
    "/admin/article/delete/?id=1",
    "/admin/article/relation/?id=1&name=users",
    "/admin/collection/",
    "/admin/collection/new/",
    "/admin/collection/details/?id=1,1",
    "/admin/user/",
    "/admin/user/new/",
    "/admin/user/details/?id=1",
    "/admin/user/edit/?id=1",
    "/admin/user/delete/?id=1",
    "/admin/user/relation/?id=1&name=collection_articles",
    "/admin/user/relation/?id=1&name=collection_articles&search=三",
    "/admin/user/relation/attach-list/?id=1&name=collection_articles",
    "/admin/user/relation/detach-all/?id=1&name=collection_articles&search=三",
    "/admin/article/new/?relation=user.articles&of=1",
    "/admin/user/new/?copy=1",
    "/admin/article/created/?id=1&into=picker",
    "/admin/article/details/?id=1&url=/admin/article/",
    "/admin/staff/",
    "/admin/staff/details/?id=1",
    "/change-password",
)


@pytest.mark.parametrize("path", PAGES)
def test_no_english_is_left_on(admin: FlaskClient, rows: None, path: str) -> None:
    check(admin.get(path), 200)


@pytest.mark.parametrize(
    ("name", "texts"),
    [("articles", "三体\n草稿\n草稿\n无"), ("collection_articles", "三体\n草稿\n三\n草稿"), ("articles", "\n")],
)
def test_no_english_is_left_on_what_a_list_was_taken_for(
    admin: FlaskClient, rows: None, session: Session, name: str, texts: str
) -> None:
    make_article(session, title="草稿", user=make_user(session, username="李雷"))
    answer = admin.post(f"/admin/user/relation/attach-list/?id=1&name={name}", data={"texts": texts})
    check(answer, 200 if texts.strip() else 400)


@pytest.mark.parametrize(
    "asked",
    [
        where(["title", "contains", "三"], ["published", "is", True], ["created_at", "on", "2026-01-31"]),
        where(["user", "in", [1, 2, 3, 4, 5, 6, 7]], ["users", "empty"], ["title", "in", ["三", "四"]], match="any"),
        where(["id", "between", [1, 9]], {"any": [["id", "at_least", 5], {"not": ["user", "null"]}]}),
        where(
            ["published_at", "between", ["2026-01-01T00:00", "2026-02-01T00:00"]],
            ["created_at", "greater", "2026-01-01"],
        ),
    ],
)
def test_no_english_is_left_on_the_pills_of_a_filter(admin: FlaskClient, rows: None, asked: str) -> None:
    check(admin.get("/admin/article/", query_string={"where": asked}), 200)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/admin/article/details/?id=99", 404),
        ("/admin/article/?page=0", 400),
        ("/admin/article/?page_size=7", 400),
        ("/admin/article/?where=[", 400),
        ("/admin/?days=3", 400),
        ("/admin/article/action/", 405),
    ],
)
def test_no_english_is_left_on_an_error(admin: FlaskClient, rows: None, path: str, status: int) -> None:
    check(admin.get(path), status)


def test_no_english_is_left_where_a_permission_lacks(sign_in: Callable[..., FlaskClient]) -> None:
    page = chinese(sign_in("viewer")).get("/admin/staff/")
    assert page.status_code == 403
    # The permission is named as it is granted.
    assert [text.replace("staff:read", "") for text in Words(page.get_data(as_text=True)).foreign] == [
        "你的角色没有  权限。请联系管理员开通。"
    ]


def test_no_english_is_left_on_a_refused_form(admin: FlaskClient, rows: None) -> None:
    for model in ("article", "collection", "user"):
        check(admin.post(f"/admin/{model}/new/", data={}), 422)
    wrong = {"version": "1", "title": "", "user": "无名", "published_at": "昨天"}
    check(admin.post("/admin/article/edit/?id=1", data=wrong), 422)


def test_no_english_is_left_on_a_conflict(admin: FlaskClient, rows: None) -> None:
    check(admin.post("/admin/article/edit/?id=1", data={"version": "0", "title": "新题"}), 409)


def test_no_english_is_left_on_what_happened(admin: FlaskClient, rows: None) -> None:
    form = form_of(admin.get("/admin/article/edit/?id=1").get_data(as_text=True), "title", "version", "shown")
    assert admin.post("/admin/article/edit/?id=1", data={**form, "title": "新题"}).status_code == 302
    for path in ("/admin/article/history/?id=1", "/admin/activity/", "/admin/activity/details/?id=1"):
        check(admin.get(path), 200)


@pytest.mark.parametrize("action", ["publish", "withdraw", "delete"])
def test_no_english_is_left_on_what_an_action_tells(admin: FlaskClient, rows: None, action: str) -> None:
    ticked = {"action": action, "rowid": ["1", "2"]}
    check(admin.post("/admin/article/action/", data=ticked, follow_redirects=True), 200)
    if action == "delete":
        check(confirm(admin, "/admin/article/action/", ticked, seen=""), 409)
        check(admin.get(confirm(admin, "/admin/article/action/", ticked).location), 200)
        check(admin.get("/admin/deleted/"), 200)
        check(admin.get("/admin/deleted/details/?id=1"), 200)
    check(admin.post("/admin/article/action/", data={"action": action}, follow_redirects=True), 200)


def test_no_english_is_left_when_signing_in(app: Flask, client: FlaskClient) -> None:
    browser = chinese(client)
    check(browser.get("/sign-in"), 200)
    check(browser.post("/sign-in", data={}), 200)
    for _attempt in range(20):
        last = browser.post("/sign-in", data={"email": "w@example.com", "password": "wrong"})
    check(last, 429)


def test_no_english_is_left_when_changing_the_password(admin: FlaskClient) -> None:
    check(admin.post("/change-password", data={}), 200)
    for new in ("short", "aaaaaaaaaaaaaaa", "admin@example.com"):
        check(admin.post("/change-password", data={"password": "wrong", "new_password": new}), 200)
