"""Signing in and out, as a browser sees it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.models import Role, SignInThrottle, Staff, utcnow
from tests.conftest import PASSWORD

REFUSAL = "The email address or the password is not right, or the account is not active."
Enter = Callable[..., FlaskClient]


def enter(client: FlaskClient, email: str, password: str, **fields: str):
    return client.post("/sign-in", data={"email": email, "password": password, **fields})


def test_right_password_leads_to_the_home_page(client, staff):
    response = enter(client, *staff("editor"))
    assert (response.status_code, response.location) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_address_is_read_without_regard_to_case_or_blanks(client, staff):
    _, password = staff("editor")
    assert enter(client, " Editor@Example.COM ", password).status_code == 302


def test_sign_in_leads_to_the_page_asked_for_first(client, staff):
    asked = client.get("/admin/?search=%E4%B8%AD&page=2")
    assert asked.location == "/sign-in?next=/admin/?search%3D%25E4%25B8%25AD%26page%3D2"
    response = client.post(asked.location, data=dict(zip(("email", "password"), staff("editor"), strict=True)))
    assert response.location == "/admin/?search=%E4%B8%AD&page=2"


@pytest.mark.parametrize("refused", ["unknown account", "wrong password", "disabled account"])
def test_every_refusal_reads_the_same(app, client, staff, refused):
    email, password = staff("editor")
    if refused == "disabled account":
        with app.app_context():
            accounts.disable(email)
    attempt = {
        "unknown account": ("nobody@example.com", password),
        "wrong password": (email, "not the password at all"),
        "disabled account": (email, password),
    }[refused]
    response = enter(client, *attempt)
    assert response.status_code == 200
    assert response.text.count(REFUSAL) == 1
    assert client.get("/admin/").status_code == 302


@pytest.mark.sqlite_only
def test_refusal_of_an_unknown_account_costs_one_hash_too(client, staff, monkeypatch):
    email, _ = staff("editor")
    from passlib.context import CryptContext

    spent: list[str] = []
    for name in ("hash", "verify"):
        real = getattr(CryptContext, name)
        monkeypatch.setattr(
            CryptContext, name, lambda *a, _real=real, _name=name, **k: spent.append(_name) or _real(*a, **k)
        )
    enter(client, email, "not the password at all")
    assert spent == ["verify"]
    enter(client, "nobody@example.com", "not the password at all")
    assert spent == ["verify", "hash"]


def test_account_that_differs_in_an_accent_is_another_one(client, staff):
    _, password = staff("editor", "jose@example.com")
    assert REFUSAL in enter(client, "josé@example.com", password).text


@pytest.mark.sqlite_only
@pytest.mark.parametrize("fields", [{}, {"email": "a@example.com"}, {"password": "x"}, {"email": " ", "password": "x"}])
def test_empty_fields_are_asked_for_and_not_counted(client, session, fields):
    response = client.post("/sign-in", data=fields)
    assert "Enter your email address and your password." in response.text
    assert session.scalar(sa.select(sa.func.count()).select_from(SignInThrottle)) == 0


@pytest.mark.sqlite_only
def test_address_that_is_none_and_endless_password_are_refused_like_the_rest(client, staff):
    email, _ = staff("editor")
    assert REFUSAL in enter(client, "not an address", "some password here").text
    assert REFUSAL in enter(client, email, "x" * 100_000).text


@pytest.mark.parametrize("address", ["editor\0@example.com", "\0", b"editor\xed\xa0\x80@example.com"])
def test_address_no_database_keeps_is_refused_like_the_rest(client, staff, address):
    _, password = staff("editor")
    response = enter(client, address, password)
    assert response.status_code == 200
    assert REFUSAL in response.text


def test_sign_in_is_noted_without_touching_the_record(client, staff, session: Session):
    email, password = staff("editor")
    before = session.scalars(sa.select(Staff)).one()
    version, updated_at = before.version, before.updated_at
    assert before.last_sign_in_at is None
    enter(client, email, password)
    session.expire_all()
    after = session.scalars(sa.select(Staff)).one()
    assert utcnow() - after.last_sign_in_at < timedelta(minutes=1)
    assert (after.version, after.updated_at) == (version, updated_at)


@pytest.mark.sqlite_only
def test_passwords_are_kept_as_argon2id(staff, session):
    staff("editor")
    assert session.scalars(sa.select(Staff.password)).one().startswith("$argon2id$")


@pytest.mark.sqlite_only
def test_signed_in_person_is_sent_on_from_the_sign_in_page(sign_in: Enter):
    response = sign_in().get("/sign-in")
    assert (response.status_code, response.location) == (302, "/admin/")


def test_sign_out_ends_the_session(sign_in: Enter):
    browser = sign_in()
    response = browser.post("/sign-out")
    assert (response.status_code, response.location) == (302, "/sign-in")
    assert browser.get("/admin/").location == "/sign-in?next=/admin/"
    with browser.session_transaction() as kept:
        assert not kept


def test_a_copy_of_the_cookie_opens_nothing_after_sign_out(app: Flask, sign_in: Enter):
    browser = sign_in()
    cookie = browser.get_cookie("session")
    assert cookie is not None
    copy = app.test_client()
    copy.set_cookie("session", cookie.value)
    assert copy.get("/admin/").status_code == 200
    browser.post("/sign-out")
    assert copy.get("/admin/").status_code == 302


@pytest.mark.sqlite_only
@pytest.mark.parametrize("new", ["passwört-für-müller", "Ｆｕｌｌｗｉｄｔｈ１２３４", "한국어로 만든 긴 비밀번호"])
def test_a_changed_password_signs_in_however_its_letters_are_typed(sign_in: Enter, client: FlaskClient, new: str):
    browser = sign_in("editor")
    form = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    assert browser.post("/change-password", data=form).status_code == 302
    for typed in (new, unicodedata.normalize("NFD", new)):
        again = client.post("/sign-in", data={"email": "editor@example.com", "password": typed})
        assert again.location == "/admin/"
        client.post("/sign-out")


@pytest.mark.sqlite_only
def test_an_address_of_any_length_is_refused_at_once(client: FlaskClient):
    marks = "a" + "\u0301\u0316" * 100_000
    response = client.post("/sign-in", data={"email": marks, "password": "x" * 12})
    assert response.status_code == 200
    assert accounts.normalised(marks) == accounts.normalised(marks[:300])


@pytest.mark.sqlite_only
def test_sign_out_takes_no_get(sign_in: Enter):
    browser = sign_in()
    assert browser.get("/sign-out").status_code == 405
    assert browser.get("/admin/").status_code == 200


def test_disabled_account_loses_access_at_once(app: Flask, sign_in: Enter):
    browser = sign_in("editor")
    with app.app_context():
        accounts.disable("editor@example.com")
    assert browser.get("/admin/").status_code == 302


@pytest.mark.sqlite_only
def test_script_without_a_session_gets_401_as_json(client):
    for headers in ({"X-Requested-With": "fetch"}, {"Accept": "application/json"}):
        response = client.get("/admin/", headers=headers)
        assert response.status_code == 401
        assert response.json["error"] == "Your session has ended. Sign in again, then repeat what you did."
        assert response.json["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "path", ["/register", "/reset", "/confirm", "/verify", "/login", "/logout", "/change", "/fs-static/js/base64.js"]
)
def test_nothing_else_of_flask_security_is_open(sign_in: Enter, path):
    assert sign_in().get(path).status_code == 404


@pytest.mark.sqlite_only
def test_no_remember_cookie_can_be_had(client, staff):
    response = enter(client, *staff("editor"), remember="y")
    assert response.status_code == 302
    assert client.get_cookie("remember_token") is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("sent", [[1], "text", {"email": "editor@example.com", "password": PASSWORD}, None])
@pytest.mark.parametrize("path", ["/sign-in?include_auth_token=1", "/change-password", "/sign-out"])
def test_json_is_not_read(client, sign_in, sent, path):
    browser = client if path.startswith("/sign-in") else sign_in("editor")
    response = browser.post(path, json=sent)
    assert response.status_code in (200, 302)
    assert response.mimetype == "text/html"
    assert client.get("/admin/").status_code == 302


@pytest.mark.sqlite_only
def test_token_in_the_address_or_a_header_signs_nobody_in(app: Flask, client, staff, session):
    staff("admin")
    with app.test_request_context():
        token = session.scalars(sa.select(Staff)).one().get_auth_token()
    assert client.get(f"/admin/?auth_token={token}").status_code == 302
    assert client.get("/admin/", headers={"Authentication-Token": token}).status_code == 302


@pytest.mark.sqlite_only
def test_another_way_to_write_an_address_is_the_same_account(client, staff):
    _, password = staff("editor", "josé@example.com")
    assert enter(client, "ＪＯＳÉ@example.com", password).status_code == 302


def test_who_has_several_roles_may_what_each_says_and_has_them_in_the_order_of_their_names(
    sign_in: Callable[..., FlaskClient], session: Session
):
    """The first one's saved view opens first, whatever order the database finds them in."""
    browser = sign_in("viewer")
    person = session.scalars(sa.select(Staff).where(Staff.email == "viewer@example.com")).one()
    person.roles += [Role(name="Zoo", permissions=["article:create"]), Role(name="archive", permissions=[])]
    session.commit()
    page = browser.get("/admin/article/").text
    assert '<span class="person-role">archive, viewer, Zoo</span>' in page
    assert "data-new" in page
    assert "data-new" not in browser.get("/admin/user/").text
