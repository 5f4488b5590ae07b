"""A one-time password opens nothing but the page that replaces it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.models import Staff

NEW = "a completely new password"


@pytest.fixture
def newcomer(app: Flask) -> tuple[FlaskClient, str]:
    """A browser signed in with a one-time password, and that password."""
    with app.app_context():
        _, password = accounts.create("new@example.com", "admin")
    return enter(app, password), password


def enter(app: Flask, password: str) -> FlaskClient:
    browser = app.test_client()
    assert browser.post("/sign-in", data={"email": "new@example.com", "password": password}).status_code == 302
    return browser


def change(browser: FlaskClient, present: str, new: str, again: str | None = None):
    data = {"password": present, "new_password": new, "new_password_confirm": again or new}
    return browser.post("/change-password", data=data)


def test_every_other_page_leads_to_the_change(newcomer):
    browser, _ = newcomer
    for page in ("/admin/", "/admin/article/", "/admin/user/"):
        response = browser.get(page)
        assert (response.status_code, response.location) == (302, "/change-password")
    assert browser.get("/change-password").status_code == 200
    assert browser.get("/healthz").status_code == 200


@pytest.mark.sqlite_only
def test_script_is_told_in_json(newcomer):
    browser, _ = newcomer
    response = browser.get("/admin/", headers={"X-Requested-With": "fetch"})
    assert (response.status_code, response.json["error"]) == (403, "Change your one-time password first.")


@pytest.mark.sqlite_only
def test_person_with_a_one_time_password_can_sign_out(newcomer):
    browser, _ = newcomer
    assert browser.post("/sign-out").location == "/sign-in"


def test_change_opens_the_site_and_ends_other_sessions(app: Flask, newcomer, session: Session):
    browser, one_time = newcomer
    elsewhere = enter(app, one_time)
    response = change(browser, one_time, NEW)
    assert (response.status_code, response.location) == (302, "/admin/")
    assert browser.get("/admin/").status_code == 200
    assert elsewhere.get("/change-password").status_code == 302, "the other session has ended"
    assert session.scalars(sa.select(Staff.must_change_password)).one() is False
    assert enter(app, NEW).get("/admin/").status_code == 200


def test_one_time_password_does_not_work_again(client, newcomer):
    browser, one_time = newcomer
    change(browser, one_time, NEW)
    response = client.post("/sign-in", data={"email": "new@example.com", "password": one_time})
    assert response.status_code == 200


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("new", "again", "complaint"),
    [
        ("eleven char", None, "The password is too short: use at least 12 characters."),
        ("long " * 30, None, "The password is too long: use at most 128 characters."),
        ("ababababababab", None, "The password repeats the same few characters: use at least five different ones."),
        ("New@Example.com", None, "The password is the email address: choose another."),
        (NEW, "another one than that", "The two new passwords are not the same."),
    ],
)
def test_bad_new_password_is_refused_with_a_reason(newcomer, new, again, complaint):
    browser, one_time = newcomer
    response = change(browser, one_time, new, again)
    assert response.status_code == 200
    assert complaint in response.text
    assert browser.get("/admin/").location == "/change-password"


@pytest.mark.sqlite_only
def test_same_password_again_is_refused(newcomer):
    browser, one_time = newcomer
    assert "The new password is the present one" in change(browser, one_time, one_time).text
    assert browser.get("/admin/").location == "/change-password"


@pytest.mark.sqlite_only
def test_guessing_the_present_password_is_throttled(newcomer):
    browser, one_time = newcomer
    for _ in range(6):
        assert "not the same" in change(browser, "not the present one", NEW, "a slip of the finger").text
    for _ in range(5):
        assert "The present password is not right." in change(browser, "not the present one", NEW).text
    response = change(browser, one_time, NEW)
    assert response.status_code == 429
    assert "too many wrong attempts" in response.text


def test_reset_ends_sessions_and_demands_a_change(app: Flask, sign_in: Callable[..., FlaskClient]):
    browser = sign_in("editor", "new@example.com")
    with app.app_context():
        one_time = accounts.reset_password("new@example.com")
    assert browser.get("/admin/").location == "/sign-in?next=/admin/"
    assert enter(app, one_time).get("/admin/").location == "/change-password"
