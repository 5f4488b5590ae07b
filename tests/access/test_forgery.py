"""Nothing changes on the word of another site: token and origin are asked for on every unsafe request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

pytestmark = pytest.mark.sqlite_only

RELOAD = "Reload the page and send it again."
ELSEWHERE = "This was sent from another site and has been refused."
Read = Callable[[FlaskClient, str], str]


@pytest.fixture
def browser(guarded_app: Flask, staff, token_of: Read) -> FlaskClient:
    """Signed in, with the CSRF check on."""
    return enter(guarded_app, staff("admin"), token_of)


def enter(app: Flask, account: tuple[str, str], token_of: Read) -> FlaskClient:
    browser = app.test_client()
    email, password = account
    data = {"email": email, "password": password, "csrf_token": token_of(browser, "/sign-in")}
    assert browser.post("/sign-in", data=data).status_code == 302
    return browser


def test_right_token_is_taken_from_the_form_or_a_header(browser, token_of):
    token = token_of(browser, "/change-password")
    assert browser.post("/preferences", data={"csrf_token": token}).status_code == 303
    assert browser.post("/preferences", headers={"X-CSRFToken": token}).status_code == 303


@pytest.mark.parametrize("token", [None, "", "wrong", "IjAi.aaaaaa.bbbbbbbb"])
@pytest.mark.parametrize("path", ["/preferences", "/sign-out", "/change-password"])
def test_missing_or_wrong_token_is_refused_with_what_to_do(browser, path, token):
    response = browser.post(path, data={} if token is None else {"csrf_token": token})
    assert response.status_code == 400
    assert RELOAD in response.text
    assert browser.get("/admin/").status_code == 200, "still signed in"


def test_token_of_another_person_is_refused(guarded_app: Flask, browser, staff, token_of):
    other = enter(guarded_app, staff("editor"), token_of)
    token = token_of(other, "/change-password")
    assert browser.post("/preferences", data={"csrf_token": token}).status_code == 400


def test_sign_in_needs_a_token(guarded_app: Flask, staff):
    email, password = staff("editor")
    response = guarded_app.test_client().post("/sign-in", data={"email": email, "password": password})
    assert response.status_code == 400
    assert RELOAD in response.text


def test_token_from_before_the_sign_in_is_refused_after_it(guarded_app: Flask, staff, token_of):
    browser = guarded_app.test_client()
    token = token_of(browser, "/sign-in")
    email, password = staff("editor")
    browser.post("/sign-in", data={"email": email, "password": password, "csrf_token": token})
    assert browser.post("/preferences", data={"csrf_token": token}).status_code == 400


def test_no_view_is_exempt(guarded_app: Flask, browser):
    csrf = guarded_app.extensions["csrf"]
    csrf.exempt(guarded_app.view_functions["pages.preferences"])
    try:
        assert browser.post("/preferences").status_code == 400
    finally:
        csrf._exempt_views.clear()


def test_ended_session_leads_to_sign_in_and_says_that_nothing_was_saved(browser, token_of):
    token = token_of(browser, "/change-password")
    browser.delete_cookie("session")
    response = browser.post("/change-password", data={"csrf_token": token})
    assert (response.status_code, response.location) == (302, "/sign-in?next=/change-password")
    assert "Your session has ended, so nothing was saved." in browser.get(response.location).text


def test_ended_session_leads_back_to_the_page_of_a_button(browser):
    browser.delete_cookie("session")
    response = browser.post("/sign-out", headers={"Referer": "http://localhost/admin/article/?page=3"})
    assert response.location == "/sign-in?next=/admin/article/?page%3D3"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_request_of_another_site_is_refused_whatever_its_token(browser, token_of, headers):
    token = token_of(browser, "/change-password")
    response = browser.post("/preferences", data={"csrf_token": token}, headers=headers)
    assert response.status_code == 403
    assert ELSEWHERE in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:80"},
        {"Origin": "https://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    ],
)
def test_request_of_this_site_passes(browser, token_of, headers):
    token = token_of(browser, "/change-password")
    assert browser.post("/preferences", data={"csrf_token": token}, headers=headers).status_code == 303


def test_link_from_another_site_may_be_followed(browser):
    assert browser.get("/admin/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_over_https_the_referring_page_has_to_be_ours(make_app, staff):
    app = make_app(extra={"WTF_CSRF_ENABLED": True}, secure_cookies=True)
    browser = app.test_client()
    page = browser.get("/sign-in", base_url="https://localhost").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    email, password = staff("editor")
    data = {"email": email, "password": password, "csrf_token": token}

    def send(referrer: str) -> int:
        return browser.post(
            "/sign-in", data=data, base_url="https://localhost", headers={"Referer": referrer}
        ).status_code

    assert send("https://evil.example/") == 400
    assert send("https://localhost/sign-in") == 302
