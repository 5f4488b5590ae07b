"""Staff accounts without HTTP, and the commands over them."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask_security import verify_password

from backoffice.access import accounts, throttle
from backoffice.errors import BadInput, Conflict, NotFound
from backoffice.models import Staff

GOOD = "a good long password"


@pytest.fixture
def within(app):
    """An application context, as a command has one."""
    with app.app_context():
        yield


@pytest.mark.usefixtures("within")
def test_account_made_without_a_password_has_a_one_time_one():
    staff, password = accounts.create(" Anna@Example.COM ", "editor")
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", password)
    assert (staff.email, staff.must_change_password, staff.active) == ("anna@example.com", True, True)
    assert [role.name for role in staff.roles] == ["editor"]
    assert verify_password(password, staff.password)


@pytest.mark.usefixtures("within")
def test_account_made_with_a_password_need_not_change_it():
    staff, password = accounts.create("anna@example.com", "admin", GOOD)
    assert password is None
    assert not staff.must_change_password
    assert verify_password(GOOD, staff.password)


@pytest.mark.usefixtures("within")
def test_what_cannot_be_is_refused_in_a_sentence():
    accounts.create("anna@example.com", "admin", GOOD)
    with pytest.raises(Conflict, match="already has an account"):
        accounts.create("ANNA@example.com", "viewer")
    with pytest.raises(NotFound, match="The roles are: admin, editor, viewer"):
        accounts.create("bert@example.com", "boss")
    with pytest.raises(BadInput, match="Write it like name@example"):
        accounts.create("bert", "viewer")
    with pytest.raises(BadInput, match="at least 12 characters"):
        accounts.create("bert@example.com", "viewer", "short")
    for change in (accounts.disable, accounts.enable, accounts.reset_password):
        with pytest.raises(NotFound, match="flask staff list"):
            change("bert@example.com")
    assert [staff.email for staff in accounts.everyone()] == ["anna@example.com"]


@pytest.mark.usefixtures("within")
def test_address_of_an_intranet_will_do():
    assert accounts.create("anna@office.local", "viewer")[0].email == "anna@office.local"


@pytest.mark.usefixtures("within")
@pytest.mark.parametrize("address", ["anna\0@example.com", "anna\ud800@example.com"])
def test_address_no_database_keeps_is_nobodys(address):
    assert accounts.find(address) is None
    assert accounts.authenticate(address, GOOD) is None
    assert throttle.counters(address, None) != throttle.counters("anna@example.com", None)
    for change in (accounts.disable, accounts.enable, accounts.reset_password):
        with pytest.raises(NotFound, match="flask staff list"):
            change(address)
    with pytest.raises(BadInput, match="Write it like name@example"):
        accounts.create(address, "viewer")


@pytest.mark.usefixtures("within")
@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_role_or_password_no_database_keeps_is_refused(character):
    with pytest.raises(NotFound, match="The roles are: admin, editor, viewer"):
        accounts.create("anna@example.com", f"admin{character}")
    with pytest.raises(BadInput, match="cannot be kept"):
        accounts.create("anna@example.com", "admin", f"{GOOD}{character}")


def run(runner, *args: str, **options: object):
    return runner.invoke(args=["staff", *args], **options)


def test_command_makes_an_account_that_can_sign_in(runner, client):
    result = run(runner, "create", "anna@example.com", "--role", "admin")
    assert result.exit_code == 0, result.output
    password = re.search(r"One-time password: (\S+)", result.output)[1]
    response = client.post("/sign-in", data={"email": "anna@example.com", "password": password})
    assert response.status_code == 302
    assert client.get("/admin/").location == "/change-password"


def test_command_takes_the_password_from_standard_input(runner, client):
    args = ("create", "anna@example.com", "--role", "viewer", "--password-stdin")
    result = run(runner, *args, input=f"{GOOD}\n")
    assert result.exit_code == 0
    assert GOOD not in result.output
    response = client.post("/sign-in", data={"email": "anna@example.com", "password": GOOD})
    assert response.status_code == 302


def test_commands_list_disable_enable_and_reset(runner, session):
    assert "There are no accounts." in run(runner, "list").output
    run(runner, "create", "anna@example.com", "--role", "admin", "--password-stdin", input=GOOD)
    run(runner, "create", "bert@example.com", "--role", "viewer")
    assert run(runner, "disable", "anna@example.com").exit_code == 0
    listed = run(runner, "list").output.splitlines()
    assert re.fullmatch(r"anna@example.com  admin +disabled +never signed in", listed[0])
    assert re.fullmatch(r"bert@example.com  viewer +one-time password +never signed in", listed[1])
    run(runner, "enable", "anna@example.com")
    before = session.scalars(sa.select(Staff).where(Staff.email == "anna@example.com")).one().password
    assert "One-time password: " in run(runner, "reset-password", "anna@example.com").output
    session.expire_all()
    anna = session.scalars(sa.select(Staff).where(Staff.email == "anna@example.com")).one()
    assert anna.active
    assert anna.must_change_password
    assert anna.password != before


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("create", "anna", "--role", "admin"), "is not an email address"),
        (("create", "a@example.com", "--role", "boss"), "There is no role boss"),
        (("disable", "a\udcff@example.com"), "No account has the address a"),
        (("create", "a@example.com", "--role", "admin\udcff"), "There is no role admin"),
        (("disable", "a@example.com"), "No account has the address a@example.com"),
        (("reset-password", "a@example.com"), "No account has the address a@example.com"),
    ],
)
def test_command_fails_with_one_sentence_and_code_2(runner, args, sentence):
    result = run(runner, *args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
