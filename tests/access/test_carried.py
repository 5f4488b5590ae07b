"""What was typed while a session ended: carried through the sign-in, saved by nobody but its person."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.access.test_forgery import enter
from tests.conftest import PASSWORD

pytestmark = pytest.mark.sqlite_only

NEW = "/admin/article/new/"
HERE = {"Origin": "http://localhost"}
Read = Callable[[FlaskClient, str], str]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def test_the_text_comes_along_but_no_token_password_or_name_of_the_form(guarded_app: Flask, staff, token_of: Read):
    email, password = staff("editor")
    browser = guarded_app.test_client()
    typed = {"title": "三体 <&>", "csrf_token": "old", "form_id": "f1", "password": "p", "my_secret": "s"}
    page = browser.post(NEW + "?url=/admin/article/", data=typed)
    assert page.status_code == 401
    form = {"email": email, "typed": hidden(page.text, "typed"), "csrf_token": hidden(page.text, "csrf_token")}
    wrong = browser.post("/sign-in", data={**form, "password": "wrong wrong wrong"})
    assert hidden(wrong.text, "typed") == form["typed"]
    back = browser.post("/sign-in", data={**form, "password": password})
    assert f'action="{NEW}?url=/admin/article/"' in back.text
    assert hidden(back.text, "title") == "三体 <&>"
    for name in ("form_id", "password", "my_secret"):
        assert f'name="{name}"' not in back.text
    shown = browser.post(
        NEW, data={"title": "三体", "_typed_before": "1", "csrf_token": hidden(back.text, "csrf_token")}
    )
    assert shown.status_code == 200
    assert "Not saved yet" in shown.text


def test_nothing_is_carried_from_another_site_or_from_elsewhere(guarded_app: Flask, staff, token_of: Read):
    browser = guarded_app.test_client()
    assert browser.post(NEW, data={"title": "T"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/admin/article/delete/", data={"id": "1"}).status_code == 302
    assert browser.post(NEW, data={}).status_code == 302
    assert browser.post(NEW, data={"title": "T"}, headers={"X-Requested-With": "fetch"}).status_code == 401
    email, password = staff("editor")
    form = {"email": email, "password": password, "csrf_token": token_of(browser, "/sign-in")}
    answer = browser.post("/sign-in", data={**form, "typed": "forged.by.somebody"})
    assert (answer.status_code, answer.location) == (302, "/admin/")


def test_a_form_of_an_earlier_session_is_shown_again_where_it_came_from_here(guarded_app: Flask, staff, token_of: Read):
    browser = enter(guarded_app, staff("editor"), token_of)
    assert browser.post(NEW, data={"title": "T", "csrf_token": "old"}).status_code == 400
    kept = browser.post(NEW, data={"title": "Typed", "csrf_token": "old"}, headers=HERE)
    assert (kept.status_code, hidden(kept.text, "title")) == (400, "Typed")
    again = {"title": "Typed", "_typed_before": "1", "csrf_token": "old"}
    assert "Not saved yet" not in browser.post(NEW, data=again, headers=HERE).text


def test_a_script_is_told_who_is_signed_in_and_may_sign_in_again(guarded_app: Flask, staff, token_of: Read):
    email, _password = staff("editor")
    other, _password = staff("admin")
    browser = guarded_app.test_client()
    asked = {"X-Requested-With": "fetch"}
    before = browser.get("/session").json
    assert (before["person"], before["email"], before["must_change_password"]) == ("", "", False)
    form = {"email": email, "password": "wrong wrong wrong", "csrf_token": before["csrf_token"]}
    refused = browser.post("/sign-in", data=form, headers=asked)
    assert refused.status_code == 422
    assert "not right" in refused.json["error"]
    assert browser.post("/sign-in", data={**form, "csrf_token": "x"}, headers=asked).status_code == 400
    told = browser.post("/sign-in", data={**form, "password": PASSWORD}, headers=asked).json
    assert told["email"] == email
    assert browser.post("/preferences", data={"csrf_token": told["csrf_token"]}).status_code == 303
    # Another person signs in over it, and the tokens of the first are worth nothing.
    form = {"email": other, "password": PASSWORD, "csrf_token": browser.get("/session").json["csrf_token"]}
    assert browser.post("/sign-in", data=form, headers=asked).json["email"] == other
    assert browser.post("/preferences", data={"csrf_token": told["csrf_token"]}).status_code == 400


def test_a_script_waits_behind_the_throttle_like_everybody(app: Flask, staff):
    email, _password = staff("editor")
    browser, asked = app.test_client(), {"X-Requested-With": "fetch"}
    answers = [
        browser.post("/sign-in", data={"email": email, "password": f"wrong {n} wrong"}, headers=asked) for n in range(6)
    ]
    assert [a.status_code for a in answers] == [422] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Try again" in answers[-1].json["error"]


def test_what_a_page_asks_by_itself_does_not_prolong_the_session(
    sign_in: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
):
    from time import time

    from backoffice.access import sessions

    browser = sign_in()
    browser.get("/session")
    monkeypatch.setattr(sessions, "time", lambda: time() + 3600)
    for answer in (browser.get("/session"), browser.post("/admin/article/presence/", data={"id": "1"})):
        assert not [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("session=")]
    assert [c for c in browser.get("/admin/").headers.getlist("Set-Cookie") if c.startswith("session=")]
