"""A list is worked by keys; they mean nothing while somebody types, and nothing with a modifier."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.pages import row_keys

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def editor(member: Callable[..., Person], library: Library) -> Person:
    person = member("editor")
    person.visit("/admin/article/?page_size=10")
    return person


def press(person: Person, *keys: str) -> None:
    for key in keys:
        person.page.keyboard.press(key)


def ticked(person: Person) -> list[str]:
    return [str(box.get_attribute("value")) for box in person.page.locator("input[name=rowid]:checked").all()]


def test_rows_are_ticked_one_by_one_in_a_stretch_and_all(editor: Person):
    keys = row_keys(editor.page.content())
    press(editor, "j", "j", "x")
    assert ticked(editor) == [keys[1]]
    press(editor, "j", "j", "j", "Shift+X")
    assert ticked(editor) == keys[1:5]
    expect(editor.page.get_by_text("4 selected")).to_be_visible()
    press(editor, "a")
    assert ticked(editor) == keys
    press(editor, "a")
    assert ticked(editor) == []


def test_pages_are_turned(editor: Person):
    first = row_keys(editor.page.content())
    editor.follow(lambda: press(editor, "n"))
    assert not set(row_keys(editor.page.content())) & set(first)
    editor.follow(lambda: press(editor, "p"))
    assert row_keys(editor.page.content()) == first
    press(editor, "p")
    press(editor, "j")
    expect(editor.row(first[0])).to_have_attribute("data-at", "")


def test_the_row_one_is_at_can_be_seen_and_has_the_focus(editor: Person):
    keys = row_keys(editor.page.content())
    press(editor, "j")
    expect(editor.row(keys[0]).locator(".record-link")).to_be_focused()
    edge = editor.row(keys[0]).locator("td").first.evaluate("cell => getComputedStyle(cell).boxShadow")
    assert "inset" in edge
    editor.row(keys[3]).locator(".record-link").focus()
    press(editor, "j")
    expect(editor.row(keys[4]).locator(".record-link")).to_be_focused()


def test_the_filter_opens(editor: Person):
    press(editor, "f")
    expect(editor.page.locator("dialog[open]")).to_be_visible()


def test_letters_that_are_typed_and_keys_with_modifiers_mean_nothing(editor: Person):
    here = editor.page.url
    press(editor, "/")
    editor.page.keyboard.type("nxjac/?")
    expect(editor.page.get_by_role("searchbox").first).to_have_value("nxjac/?")
    editor.page.locator("main").focus()
    press(editor, "Control+j", "Alt+n", "Control+x", "Meta+a")
    expect(editor.page.locator("tr[data-at]")).to_have_count(0)
    assert ticked(editor) == []
    press(editor, "?")
    expect(editor.page.locator("dialog#shortcuts")).to_be_visible()
    press(editor, "x", "j", "a")
    expect(editor.page.locator("tr[data-at]")).to_have_count(0)
    assert (ticked(editor), editor.page.url) == ([], here)


def test_the_sheet_names_every_key(editor: Person):
    press(editor, "?")
    sheet = editor.page.locator("dialog#shortcuts")
    expect(sheet).to_be_visible()
    named = set(sheet.locator("kbd").all_inner_texts())
    assert {"/", "f", "j", "k", "n", "p", "x", "Shift", "a", "Enter", "e", "c", "?", "F2", "Tab", "Esc"} <= named


@pytest.mark.parametrize(("width", "height"), [(1280, 700), (1280, 620)])
def test_the_head_and_the_pager_stay_in_sight(member: Callable[..., Person], library: Library, width: int, height: int):
    viewer = member("viewer", viewport={"width": width, "height": height})
    viewer.visit("/admin/article/?page_size=50")
    viewer.page.locator(".table-region").evaluate("region => region.scrollTo(0, 10_000)")
    for part in ("thead th[data-name=title]", ".pager"):
        box = viewer.page.locator(part).bounding_box()
        assert box, part
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part
