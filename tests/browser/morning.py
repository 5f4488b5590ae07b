"""A member of staff's first morning, step by step; with scripts and without."""

from __future__ import annotations

import sqlalchemy as sa
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from backoffice.models import Article, Collection, Staff
from tests.browser.conftest import Library
from tests.browser.person import NEW_PASSWORD, Person

EMAIL = "new@example.com"
BEFORE, AFTER = "番茄育苗笔记", "番茄育苗笔记（修订）"


def do_the_morning(editor: Person, one_time_password: str, library: Library) -> None:
    """From the first sign-in to the reader's collection."""
    sign_in_for_the_first_time(editor, one_time_password)
    change_the_title(editor, str(library.tomatoes.id))
    publish(editor, str(library.tomatoes.id))
    change_the_author(editor, str(library.tomatoes.id))
    add_to_the_collection(editor, str(library.reader.id), library)


def sign_in_for_the_first_time(editor: Person, one_time_password: str) -> None:
    """The one-time password opens one page only; then one is where one wanted to be."""
    editor.visit("/")
    editor.sign_in(EMAIL, one_time_password)
    assert editor.page.url.endswith("/change-password")
    editor.visit("/admin/article/")
    assert editor.page.url.endswith("/change-password"), "no other page opens"
    editor.replace_password(one_time_password)
    expect(editor.page.get_by_role("heading", level=1)).to_have_text("Home")


def change_the_title(editor: Person, key: str) -> None:
    """Found by its Chinese title, opened, edited."""
    editor.follow(editor.link("Articles"))
    editor.search("番茄")
    expect(editor.page.locator("tr[data-pk]")).to_have_count(1)
    editor.follow(editor.row(key).get_by_role("link", name=BEFORE, exact=True))
    editor.follow(editor.link("Edit"))
    editor.page.get_by_label("Title", exact=True).fill(AFTER)
    editor.follow(editor.button("Save"))
    expect(editor.page.get_by_text(f"“{AFTER}” was saved")).to_be_visible()
    assert "search=" in editor.page.url, "one is back at the list as one left it"


def publish(editor: Person, key: str) -> None:
    """Ticked and published from the list."""
    editor.tick(key)
    editor.follow(editor.button("Publish"))
    expect(editor.page.get_by_text("1 article was published.")).to_be_visible()
    expect(editor.row(key)).to_contain_text("Yes")


def change_the_author(editor: Person, key: str) -> None:
    """Through the picker, by keyboard."""
    editor.visit(f"/admin/article/edit/?id={key}")
    editor.choose("Author", "grace")
    if editor.scripts:
        expect(editor.page.get_by_role("combobox", name="Author")).to_have_value("grace")
        editor.follow(lambda: editor.page.keyboard.press("Control+Enter"))
    else:
        editor.follow(editor.button("Save"))
    expect(editor.page.get_by_text("was saved")).to_be_visible()
    expect(editor.row(key)).to_contain_text("grace")


def add_to_the_collection(editor: Person, key: str, library: Library) -> None:
    """In the reader's panel; the article is there afterwards."""
    editor.follow(editor.link("Users"))
    editor.follow(editor.link("reader"))
    editor.follow(editor.link("Collected articles"))
    expect(editor.page.locator("tr[data-pk]")).to_have_count(25)
    editor.choose("Record to attach", "番茄" if editor.scripts else str(library.tomatoes.id))
    editor.follow(editor.button("Attach"))
    expect(editor.page.get_by_text("1 record was attached.")).to_be_visible()
    editor.search("番茄")
    expect(editor.row(str(library.tomatoes.id))).to_contain_text(AFTER)


def check_the_database(session: Session, library: Library) -> None:
    """What was done is there, and nothing else was touched."""
    ids = library.tomatoes.id, library.reader.id, library.grace.id
    session.expire_all()
    article = session.get_one(Article, ids[0])
    assert (article.title, article.user_id, article.content) == (AFTER, ids[2], "一\n\n二")
    assert article.published
    assert article.version == 4, "three changes, one step each"
    assert session.get(Collection, (ids[1], ids[0])) is not None
    assert session.scalar(sa.select(sa.func.count()).select_from(Collection)) == 41
    editor = session.scalars(sa.select(Staff).where(Staff.email == EMAIL)).one()
    assert not editor.must_change_password
    assert NEW_PASSWORD not in editor.password
