"""The session cookie: its flags, its life, its renewal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from werkzeug.test import TestResponse

from backoffice.access import sessions
from backoffice.models import utcnow

pytestmark = pytest.mark.sqlite_only


def cookie_of(app: Flask, account: tuple[str, str], scheme: str = "http") -> str:
    email, password = account
    response = app.test_client().post(
        "/sign-in", data={"email": email, "password": password}, base_url=f"{scheme}://localhost"
    )
    cookies = session_cookies(response)
    assert len(cookies) == 1
    return cookies[0]


def session_cookies(response: TestResponse) -> list[str]:
    return [c for c in response.headers.getlist("Set-Cookie") if "session" in c.split("=")[0]]


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask, staff):
    flags = cookie_of(app, staff()).split("; ")[1:]
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(flags)
    assert "Secure" not in flags
    assert not any(flag.startswith("Domain") for flag in flags)


def test_secure_cookie_is_bound_to_the_host(make_app: Callable[..., Flask], staff):
    cookie = cookie_of(make_app(secure_cookies=True), staff(), "https")
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_session_lasts_as_long_as_the_setting_says(make_app: Callable[..., Flask], staff):
    app = make_app(session_hours=3)
    browser = app.test_client()
    email, password = staff()
    browser.post("/sign-in", data={"email": email, "password": password})
    expires = browser.get_cookie("session").expires
    assert timedelta(hours=2, minutes=59) < expires - utcnow() <= timedelta(hours=3)


def test_what_was_planted_before_does_not_survive_the_sign_in(app: Flask, staff):
    browser = app.test_client()
    with browser.session_transaction() as planted:
        planted["planted"] = "by somebody else"
        planted["csrf_token"] = "known to somebody else"
        before = dict(planted)
    email, password = staff()
    browser.post("/sign-in", data={"email": email, "password": password})
    with browser.session_transaction() as kept:
        assert "planted" not in kept
        assert kept.get("csrf_token") != before["csrf_token"]
        assert "_user_id" in kept


def test_session_signed_with_another_key_is_worth_nothing(make_app: Callable[..., Flask], sign_in):
    cookie = sign_in().get_cookie("session").value
    elsewhere = make_app(secret_key="quite another secret").test_client()
    elsewhere.set_cookie("session", cookie)
    assert elsewhere.get("/admin/").status_code == 302


def test_address_of_a_visitor_is_taken_from_as_many_proxies_as_are_ours(make_app: Callable[..., Flask]):
    seen: list[tuple[str | None, str]] = []
    for proxies in (0, 1):
        app = make_app(proxies=proxies)
        from flask import request

        app.before_request(lambda: seen.append((request.remote_addr, request.scheme)))
        headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Forwarded-Proto": "https"}
        app.test_client().get("/healthz", headers=headers)
    assert seen == [("127.0.0.1", "http"), ("203.0.113.9", "https")]


def test_the_session_goes_on_with_every_minute_in_which_it_is_used(
    sign_in: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
):
    browser = sign_in()
    browser.get("/admin/")
    assert session_cookies(browser.get("/admin/")) == [], "signed for each request it would only cost"
    for later, signed in ((30, 0), (61, 1), (62, 0), (130, 1), (-3600, 1)):
        monkeypatch.setattr(sessions, "time", partial(float, time() + later))
        assert len(session_cookies(browser.get("/admin/"))) == signed, later


def test_a_cookie_that_was_read_before_ends_in_its_time(make_app: Callable[..., Flask], staff, monkeypatch):
    app = make_app(extra={"PERMANENT_SESSION_LIFETIME": timedelta(minutes=10)})
    email, password = staff("editor", None, app)
    browser = app.test_client()
    browser.post("/sign-in", data={"email": email, "password": password})
    cookie = browser.get_cookie("session")
    assert cookie is not None
    asked = {"Cookie": f"session={cookie.value}"}
    stranger = app.test_client(use_cookies=False)
    for _ in range(3):
        assert stranger.get("/admin/", headers=asked).status_code == 200
    for seconds, status in ((590, 200), (620, 302), (-30, 302)):
        monkeypatch.setattr(sessions, "time", lambda seconds=seconds: time() + seconds)
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self, seconds=seconds: int(time() + seconds))
        assert stranger.get("/admin/", headers=asked).status_code == status


def test_what_one_request_adds_to_a_session_no_other_is_told(app: Flask):
    interface = sessions.SessionCookie()
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    for kept in ({"_user_id": "someone"}, {"_user_id": "someone", "_flashes": [["info", "once"]]}):
        cookie = serializer.dumps(kept)
        for _ in range(3):
            with app.test_request_context("/", headers={"Cookie": f"session={cookie}"}) as context:
                read = interface.open_session(app, context.request)
                assert read == kept
                read["more"] = "of this request"
                read.get("_flashes", []).append(["info", "twice"])


def test_a_changed_cookie_is_worth_nothing_although_the_right_one_was_read(app: Flask, sign_in):
    browser = sign_in("editor")
    assert browser.get("/admin/").status_code == 200
    cookie = browser.get_cookie("session")
    assert cookie is not None
    # Not the last letter, which says less than a letter can.
    start, letter, end = cookie.value[:-9], cookie.value[-9], cookie.value[-8:]
    browser.set_cookie("session", start + ("A" if letter != "A" else "B") + end)
    assert browser.get("/admin/").status_code == 302
