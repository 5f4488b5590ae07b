"""A picker on a slow network: what is done in its plain input before its script has come is not lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy.orm import Session

from tests.browser.conftest import Library
from tests.browser.filters import open_builder, with_filter
from tests.browser.person import Person
from tests.factories import make_article

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def editor(member: Callable[..., Person]) -> Person:
    """Somebody to whom the picker's script comes when `deliver` is called."""
    return member("editor")


@pytest.fixture
def deliver(editor: Person) -> Callable[[], None]:
    """Let the script come, which waits until then."""
    waiting: list[Route] = []
    editor.page.route("**/controllers/picker.js*", lambda route: waiting.append(route))
    return lambda: waiting.pop().continue_()


def test_words_that_are_being_typed_are_looked_up(
    editor: Person, deliver: Callable[[], None], library: Library
) -> None:
    editor.visit(with_filter({"all": [["user", "in", [library.grace.id]]]}))
    dialog = open_builder(editor)
    dialog.get_by_label("Author", exact=True).press_sequentially("ad")
    deliver()
    box = dialog.get_by_role("combobox", name="Author")
    expect(box).to_be_focused()
    editor.page.keyboard.type("a")
    expect(box).to_have_value("ada")
    expect(dialog.get_by_role("option", name="ada")).to_be_visible()
    editor.page.keyboard.press("Enter")
    expect(dialog.locator(".filter-chosen li")).to_have_text(["grace×", "ada×"])


def test_a_name_that_was_typed_and_left_is_chosen(
    editor: Person, deliver: Callable[[], None], library: Library
) -> None:
    editor.visit(with_filter({"all": [["user", "in", [library.grace.id]]]}))
    dialog = open_builder(editor)
    dialog.get_by_label("Author", exact=True).press_sequentially("ada")
    editor.page.keyboard.press("Tab")
    deliver()
    expect(dialog.locator(".filter-chosen li")).to_have_text(["grace×", "ada×"])
    expect(dialog.get_by_role("combobox", name="Author")).not_to_be_focused()
    expect(dialog.locator(".picker-list")).to_be_hidden()


def test_who_has_come_to_a_choice_types_over_its_name(
    editor: Person, deliver: Callable[[], None], library: Library, session: Session
) -> None:
    article = make_article(session, user_id=library.ada.id)
    editor.page.goto(f"{editor.address}/admin/article/edit/?id={article.id}")
    editor.page.get_by_label("Author", exact=True).focus()
    deliver()
    box = editor.page.get_by_role("combobox", name="Author")
    expect(box).to_have_value("ada")
    editor.page.keyboard.type("grace")
    expect(box).to_have_value("grace")
    editor.page.get_by_role("option", name="grace").click()
    editor.follow(editor.button("Save"))
    session.expire_all()
    session.refresh(article)
    assert article.user_id == library.grace.id
