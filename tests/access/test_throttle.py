"""Wrong sign-ins are counted and slowed down, whichever process sees them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.access import accounts, throttle
from backoffice.models import SignInThrottle, utcnow

TOO_MANY = "There were too many wrong attempts. Try again in"
WRONG = "not the password at all"


def enter(client: FlaskClient, email: str, password: str, address: str = "192.0.2.1"):
    return client.post("/sign-in", data={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address})


def fail(client: FlaskClient, email: str, times: int, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert enter(client, email, WRONG, address).status_code == 200


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the throttle's clock on."""
    moved = [timedelta(0)]

    def now() -> datetime:
        return utcnow() + moved[0]

    monkeypatch.setattr(throttle, "utcnow", now)

    def move(by: timedelta) -> None:
        moved[0] += by

    return move


def test_account_is_blocked_after_five_wrong_passwords_even_for_the_right_one(client, staff):
    email, password = staff("editor")
    fail(client, email, 5)
    response = enter(client, email, password)
    assert response.status_code == 429
    assert TOO_MANY in response.text
    assert 1 <= int(response.headers["Retry-After"]) <= 15


def test_unknown_account_is_blocked_just_like_a_known_one(client, staff):
    staff("editor")
    fail(client, "nobody@example.com", 5)
    known, unknown = "editor@example.com", "nobody@example.com"
    fail(client, known, 5)
    answers = [enter(client, email, WRONG) for email in (known, unknown)]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert all(TOO_MANY in answer.text for answer in answers)


@pytest.mark.sqlite_only
def test_blocked_attempt_costs_no_hashing(client, staff, monkeypatch):
    email, password = staff("editor")
    fail(client, email, 5)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a password was hashed")

    monkeypatch.setattr("passlib.context.CryptContext.verify", refuse)
    monkeypatch.setattr("passlib.context.CryptContext.hash", refuse)
    assert enter(client, email, password).status_code == 429
    assert enter(client, email.upper(), password).status_code == 429


def test_delay_grows_and_ends(client, staff, later):
    email, password = staff("editor")
    fail(client, email, 5)
    waits = []
    for _ in range(8):
        waits.append(int(enter(client, email, WRONG).headers["Retry-After"]))
        later(timedelta(seconds=waits[-1]))
        assert enter(client, email, WRONG).status_code == 200
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    later(timedelta(minutes=15))
    assert enter(client, email, password).status_code == 302


def test_success_clears_the_account(client, staff):
    email, password = staff("editor")
    for _ in range(3):
        fail(client, email, 4)
        assert enter(client, email, password).status_code == 302
        client.post("/sign-out")


def test_address_is_blocked_after_thirty_accounts_and_others_are_not(client, staff):
    email, password = staff("editor")
    for number in range(30):
        fail(client, f"guess{number}@example.com", 1)
    assert enter(client, email, password).status_code == 429
    assert enter(client, email, password, "192.0.2.2").status_code == 302


def test_attempts_of_a_blocked_account_do_not_block_its_office(client, staff):
    email, password = staff("editor")
    fail(client, "nobody@example.com", 5)
    for _ in range(40):
        assert enter(client, "nobody@example.com", WRONG).status_code == 429
    assert enter(client, email, password).status_code == 302


@pytest.mark.sqlite_only
def test_whole_network_of_an_ipv6_customer_counts_as_one_address(client, staff):
    email, password = staff("editor")
    for number in range(30):
        fail(client, f"guess{number}@example.com", 1, f"2001:db8:0:1::{number:x}")
    assert enter(client, email, password, "2001:db8:0:1:ffff::1").status_code == 429
    assert enter(client, email, password, "2001:db8:0:2::1").status_code == 302


def test_counts_are_forgotten_after_a_day_and_swept(client, staff, session: Session, later):
    email, password = staff("editor")
    fail(client, email, 4)
    fail(client, "nobody@example.com", 1, "192.0.2.9")
    later(timedelta(hours=25))
    fail(client, email, 4)
    assert enter(client, email, password).status_code == 302
    left = session.scalars(sa.select(SignInThrottle)).all()
    assert [row.failures for row in left] == [4], "only today's count of the address stays"


def address_row(session: Session) -> SignInThrottle:
    """The count of the one address that is used, once nothing is counted for an account."""
    session.expire_all()
    return session.scalars(sa.select(SignInThrottle)).one()


def test_success_leaves_no_trace_on_its_address(client, staff, session: Session, later):
    email, password = staff("editor")
    fail(client, email, 2)
    assert enter(client, email, password).status_code == 302
    before = address_row(session)
    kept = (before.failures, before.last_failure_at, before.blocked_until)
    assert (kept[0], kept[2]) == (2, None)
    client.post("/sign-out")
    later(timedelta(minutes=50))
    assert enter(client, email, password).status_code == 302
    after = address_row(session)
    assert (after.failures, after.last_failure_at, after.blocked_until) == kept


def test_office_that_signs_in_daily_is_never_blocked_by_old_failures(client, staff, later):
    email, password = staff("editor")
    for _day in range(12):
        fail(client, email, 3)
        assert enter(client, email, password).status_code == 302
        client.post("/sign-out")
        for _hour in range(3):
            later(timedelta(minutes=40))
            assert enter(client, email, password).status_code == 302
            client.post("/sign-out")
        later(timedelta(hours=22))


def test_address_forgets_after_an_hour_and_an_account_after_a_day(client, staff, later):
    email, password = staff("editor")
    fail(client, email, 4)
    for number in range(25):
        fail(client, f"guess{number}@example.com", 1)
    later(timedelta(minutes=61))
    for number in range(29):
        fail(client, f"another{number}@example.com", 1)
    fail(client, email, 1)
    assert enter(client, email, password, "192.0.2.2").status_code == 429


def test_each_failure_keeps_an_address_in_mind_for_another_hour(client, staff, later):
    email, password = staff("editor")
    for number in range(29):
        fail(client, f"guess{number}@example.com", 1)
        later(timedelta(minutes=30))
    fail(client, "last@example.com", 1)
    assert enter(client, email, password).status_code == 429


def test_success_does_not_open_an_address_that_a_failure_blocked_meanwhile(client, staff, monkeypatch):
    """The success took its place before the block, and its password was looked at after it."""
    email, password = staff("editor")
    for number in range(28):
        fail(client, f"guess{number}@example.com", 1)
    authenticate = throttle_between(monkeypatch, lambda: fail(client.application.test_client(), "x@example.com", 1))
    assert enter(client, email, password).status_code == 302
    assert authenticate == ["editor@example.com", "x@example.com"]
    assert enter(client, email, password, "192.0.2.2").status_code == 302
    assert enter(client.application.test_client(), "y@example.com", WRONG).status_code == 429


def throttle_between(monkeypatch, happens: Callable[[], None]) -> list[str]:
    """Let something happen while the first attempt's password is looked at; lists who was looked at."""
    real, seen = accounts.authenticate, []

    def authenticate(email: str, password: str):
        seen.append(email)
        if len(seen) == 1:
            happens()
        return real(email, password)

    monkeypatch.setattr(accounts, "authenticate", authenticate)
    return seen


def test_right_password_at_the_last_try_of_an_address_blocks_nobody(client, staff, session: Session):
    email, password = staff("editor")
    for number in range(29):
        fail(client, f"guess{number}@example.com", 1)
    for _ in range(3):
        assert enter(client, email, password).status_code == 302
        client.post("/sign-out")
    fail(client, "last@example.com", 1)
    assert enter(client, email, password).status_code == 429


def test_hundred_attempts_at_once_after_a_quiet_day_get_five_guesses(make_app: Callable[..., Flask], staff, later):
    email, _ = staff("editor")
    apps = [make_app(), make_app()]
    fail(apps[0].test_client(), email, 1)
    later(timedelta(hours=25))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: enter(apps[n % 2].test_client(), email, WRONG).status_code, range(100)))
    assert sorted(answers) == [200] * 5 + [429] * 95


def test_successes_at_once_leave_an_address_uncounted(make_app: Callable[..., Flask], staff, session: Session):
    people = [staff("editor", f"editor{number}@example.com") for number in range(8)]
    apps = [make_app(), make_app()]

    def attempt(number: int) -> int:
        return enter(apps[number % 2].test_client(), *people[number % 8]).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(24))) == [302] * 24
    assert address_row(session).failures == 0


def test_table_holds_no_addresses(client, session: Session):
    fail(client, "nobody@example.com", 1)
    for row in session.scalars(sa.select(SignInThrottle)):
        assert len(row.key) == 64
        int(row.key, 16)


def test_two_processes_count_together(make_app: Callable[..., Flask], staff):
    """Two applications have two engines and share nothing but the database, like two workers."""
    email, password = staff("editor")
    first, second = make_app().test_client(), make_app().test_client()
    fail(first, email, 3)
    fail(second, email, 2)
    assert enter(first, email, password).status_code == 429
    assert enter(second, email, password).status_code == 429


def test_hundred_attempts_at_once_get_five_guesses(make_app: Callable[..., Flask], staff):
    email, _ = staff("editor")
    apps = [make_app(), make_app()]

    def attempt(number: int) -> int:
        return enter(apps[number % 2].test_client(), email, WRONG).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(100)))
    assert sorted(answers) == [200] * 5 + [429] * 95
