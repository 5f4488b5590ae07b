"""`make run` in a fresh copy, and the main job on what it printed and loaded. In CI it also installs everything."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.conftest import REQUIRE_ALL
from tests.documents import Reader, copy_repository, linked_environment

TITLE = "番茄育苗：一个全新的标题"


@pytest.fixture
def newcomer(tmp_path: Path) -> Reader:
    """Somebody with Python and make, a copy, and nothing installed; outside of CI with our packages lent to them."""
    folder = copy_repository(tmp_path / "copy")
    if REQUIRE_ALL:
        return Reader(folder, PATH=f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin")
    return Reader(folder, VENV=str(linked_environment(tmp_path / "venv")))


@pytest.fixture
def running(newcomer: Reader) -> Iterator[tuple[str, str]]:
    """The address of the running product and what its terminal shows."""
    with newcomer.served("make run") as served:
        yield served


def test_a_newcomer_types_one_command_and_does_the_main_job(
    running: tuple[str, str], newcomer: Reader, chrome: Browser
):
    address, terminal = running
    shown = dict(re.findall(r"^ *(Email|One-time password): +(\S+)$", terminal, re.M))
    database = newcomer.folder / "instance" / "backoffice.db"
    article = uncollected_draft(database)
    admin = Person(chrome.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB"), address)

    admin.visit("/")
    admin.sign_in(shown["Email"], shown["One-time password"])
    admin.replace_password(shown["One-time password"])
    edit(admin, article)
    collect(admin, article)
    admin.close()

    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute(
            "SELECT title, published_at IS NOT NULL, username FROM article JOIN user ON user.id = user_id"
            " WHERE article.id = ?",
            [article],
        ).fetchone()
    assert row == (TITLE, 1, "reader")
    assert uncollected_draft(database) != article


def edit(admin: Person, article: int) -> None:
    """Find it by its Chinese title, give it another, an author and readers."""
    admin.follow(admin.link("Articles"))
    admin.search("番茄")
    admin.visit(f"{admin.page.url.removeprefix(admin.address)}&page_size=200")
    admin.follow(admin.row(str(article)).get_by_role("link", name="Edit"))
    admin.page.get_by_label("Title", exact=True).fill(TITLE)
    admin.choose("Author", "reader")
    admin.follow(lambda: admin.page.keyboard.press("Control+Enter"))
    expect(admin.page.get_by_text(f"“{TITLE}” was saved")).to_be_visible()
    admin.tick(str(article))
    admin.follow(admin.button("Publish"))
    expect(admin.page.get_by_text("1 article was published.")).to_be_visible()


def collect(admin: Person, article: int) -> None:
    """Put it among the ten thousand articles of the reader."""
    admin.follow(admin.link("Users"))
    admin.search("reader")
    admin.follow(admin.link("reader"))
    admin.follow(admin.link("Collected articles"))
    expect(admin.page.get_by_text("10,000").first).to_be_visible()
    admin.choose("Record to attach", TITLE)
    admin.follow(admin.button("Attach"))
    expect(admin.page.get_by_text("1 record was attached.")).to_be_visible()
    admin.search(TITLE)
    expect(admin.row(str(article))).to_be_visible()


def uncollected_draft(database: Path) -> int | None:
    """The newest unpublished article with a Chinese title that the reader has not collected."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT id FROM article WHERE title LIKE '%番茄%' AND published_at IS NULL AND id NOT IN"
            " (SELECT article_id FROM info_user_collection JOIN user ON user.id = user_id WHERE username = 'reader')"
            " ORDER BY id DESC"
        ).fetchone()
    return found[0] if found else None
