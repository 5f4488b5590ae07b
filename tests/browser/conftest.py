"""The application behind a real server, and people with browsers in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.models import Article, User
from tests.browser.person import ARGUMENTS, Person
from tests.factories import NOON, collect, make_article, make_articles, make_user
from tests.serving import served


@dataclass
class Library:
    """The records a person meets."""

    reader: User
    ada: User
    grace: User
    tomatoes: Article
    bridges: Article


@pytest.fixture
def site(make_app: Callable[..., Flask]) -> Flask:
    """The application as it runs outside of tests: with its CSRF check."""
    return make_app(extra={"WTF_CSRF_ENABLED": True})


@pytest.fixture
def address(site: Flask) -> Iterator[str]:
    """Where the application answers."""
    with served(site) as address:
        yield address


@pytest.fixture
def library(session: Session) -> Library:
    """Two authors, a reader with forty collected articles, and some with Chinese titles."""
    ada = make_user(session, username="ada", name="Ada Lovelace")
    grace = make_user(session, username="grace", name="Grace Hopper", address="7 Harbour Street")
    reader = make_user(session, username="reader", name="李雷", email="reader@example.com")
    collect(session, reader, make_articles(session, 40, user_id=ada.id, published_at=NOON))
    make_article(session, title="三体：读后", user_id=ada.id, content="给岁月以文明。")
    tomatoes = make_article(session, title="番茄育苗笔记", user_id=ada.id, content="一\n\n二")
    bridges = make_article(session, title="Bridges & <b>beams</b>", content="A *long* story. " * 40)
    return Library(reader, ada, grace, tomatoes, bridges)


@pytest.fixture
def one_time_password(app: Flask) -> str:
    """What an operator hands to a new editor."""
    with app.app_context():
        return accounts.create("new@example.com", "editor")[1] or ""


@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Browser]:
    """The browser. Not for the whole session: no second one can be started beside it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def somebody(chrome: Browser, address: str) -> Iterator[Callable[..., Person]]:
    """`somebody(scripts=False, theme="dark", viewport={…})` sits down at a new window."""
    people: list[Person] = []

    def sit_down(*, scripts: bool = True, theme: str = "", **options: Any) -> Person:
        settings = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options}
        context = chrome.new_context(java_script_enabled=scripts, **settings)
        if theme:
            context.add_cookies([{"name": "theme", "value": theme, "url": address}])
        people.append(Person(context, address, scripts=scripts))
        return people[-1]

    yield sit_down
    for person in people:
        person.close()


@pytest.fixture
def member(somebody: Callable[..., Person], staff: Callable[..., tuple[str, str]]) -> Callable[..., Person]:
    """`member("viewer")` has just signed in with an account of that role."""

    def enter(role: str = "admin", **options: Any) -> Person:
        person = somebody(**options)
        person.sign_in(*staff(role))
        return person

    return enter
