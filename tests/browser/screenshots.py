"""Takes the README's pictures of the running product with demo data: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import flask_migrate
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session

from backoffice import create_app
from backoffice.access import accounts
from backoffice.config import Settings
from backoffice.demo.load import load
from backoffice.demo.world import Size
from backoffice.extensions import db
from backoffice.models import Article, utcnow
from tests.browser.person import ARGUMENTS, NEW_PASSWORD, Person
from tests.conftest import browser_path
from tests.documents import ROOT
from tests.serving import served

FOLDER = ROOT / "docs" / "screenshots"
EMAIL = "admin@example.com"
FILTERED = f"/admin/article/?search=番茄&where={quote(json.dumps({'all': [['published', 'is', True]]}))}"
# Name, theme, language and page; `{key}` is an article's.
PICTURES = (
    ("list-light", "light", "en-GB", FILTERED),
    ("list-dark", "dark", "zh-CN", FILTERED),
    ("edit-light", "light", "en-GB", "/admin/article/edit/?id={key}"),
    ("home-dark", "dark", "en-GB", "/admin/?days=90"),
)


def main() -> None:
    """Serve a fresh installation and photograph it."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    browser_at = browser_path() or sys.exit("Chromium was not found: set TEST_CHROMIUM to its path.")
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Settings(
                environment="demo",
                database_url=f"sqlite:///{folder}/backoffice.db",
                secret_key="a secret for pictures",
                password_salt="a salt for pictures",
                instance_path=Path(folder),
                log_level="WARNING",
            )
        )
        key = fill(app)
        with served(app) as address, sync_playwright() as playwright:
            chrome = playwright.chromium.launch(executable_path=browser_at, args=ARGUMENTS)
            for name, theme, locale, path in PICTURES:
                take(chrome, address, name, theme, locale, path.format(key=key))
            chrome.close()


def fill(app: Flask) -> int:
    """Demo data and an account; the key of an article with a Chinese title and an author."""
    with app.app_context():
        flask_migrate.upgrade()
        accounts.create(EMAIL, "admin", NEW_PASSWORD)
        with db.engine.connect() as connection:
            load(connection, Size(), now=utcnow())
            connection.commit()
        with Session(db.engine) as session:
            found = sa.select(Article.id).where(Article.title.contains("番茄"), Article.published, Article.user_id > 0)
            return session.scalars(found.order_by(Article.id.desc())).first() or 0


def take(chrome: Browser, address: str, name: str, theme: str, locale: str, path: str) -> None:
    """One picture, as somebody sees it who has signed in."""
    context = chrome.new_context(viewport={"width": 1280, "height": 800}, locale=locale, timezone_id="UTC")
    context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    person = Person(context, address)
    person.visit("/sign-in")
    person.page.locator("[name=email]").fill(EMAIL)
    person.page.locator("[name=password]").fill(NEW_PASSWORD)
    person.follow(lambda: person.page.locator("[name=password]").press("Enter"))
    person.visit(path)
    person.page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide")
    person.close()


if __name__ == "__main__":
    main()
