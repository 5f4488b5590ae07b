"""Columns, order, density and saved views as a person meets them: by mouse, by keys, and without a script."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy.orm import Session

from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.browser.test_accessibility import check
from tests.factories import make_articles

pytestmark = pytest.mark.sqlite_only

ARTICLES = "/admin/article/"
CHOICE = "title,user,created_at"


def asked(person: Person) -> dict[str, str]:
    """The arguments of the page's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(person.page.url).query).items()}


def heads(person: Person) -> list[str]:
    return [th.get_attribute("data-name") or "" for th in person.page.locator("th[data-name]").all()]


def tab(person: Person, name: str) -> Locator:
    return person.page.get_by_role("navigation", name="Saved views").get_by_role("link", name=name)


def open_dialog(person: Person, link: str) -> Locator:
    person.link(link).click()
    dialog = person.page.locator("dialog.view-dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_columns_are_chosen_and_ordered_by_keys(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit(f"{ARTICLES}?columns={CHOICE}&search=Article")
    dialog = open_dialog(editor, "Columns")
    up = dialog.get_by_role("button", name="Move Created up")
    up.focus()
    editor.page.keyboard.press("Enter")
    expect(up).to_be_focused()
    editor.page.keyboard.press("Enter")
    expect(dialog.locator("[data-said]")).to_have_text("Created: 1 of 8")
    dialog.get_by_label("Author", exact=True).uncheck()
    dialog.get_by_label("Content", exact=True).check()
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog).to_be_hidden()
    editor.page.wait_for_url("**columns=*content*")
    assert heads(editor) == ["created_at", "title", "content"]
    assert asked(editor) == {"columns": "created_at,title,content", "search": "Article"}


def test_columns_are_dragged(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit(f"{ARTICLES}?columns={CHOICE}")
    dialog = open_dialog(editor, "Columns")
    rows = dialog.locator(".arrange-rows > li")
    rows.nth(2).drag_to(rows.nth(0), target_position={"x": 20, "y": 2})
    expect(rows.nth(0)).to_contain_text("Created")
    dialog.get_by_role("button", name="Apply").click()
    editor.page.wait_for_url("**columns=created_at*")
    assert heads(editor) == ["created_at", "title", "user"]
    dialog = open_dialog(editor, "Columns")
    dialog.get_by_role("link", name="Reset").click()
    expect(editor.page.locator("th[data-name]")).to_have_count(6)


def test_a_dialog_is_left_without_a_trace(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit(ARTICLES)
    for leave in ("Escape", "Close"):
        dialog = open_dialog(editor, "Sort")
        if leave == "Escape":
            editor.page.keyboard.press("Escape")
        else:
            dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_have_count(0)
        expect(editor.link("Sort")).to_be_focused()
    assert asked(editor) == {}


def test_shift_sorts_by_further_columns(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit(f"{ARTICLES}?sort=title")
    for wanted in ("title,created_at", "title,-created_at", "title"):
        editor.page.locator("th[data-name=created_at] a").click(modifiers=["Shift"])
        editor.page.wait_for_function("sort => new URLSearchParams(location.search).get('sort') === sort", arg=wanted)
        expect(editor.page.locator("[data-sort]")).to_have_attribute("data-sort", wanted)
    editor.page.locator("th[data-name=created_at] a").click(modifiers=["Shift"])
    expect(editor.page.locator("th[data-name=created_at] .rank")).to_have_text("2")


def test_density_changes_at_once_and_is_kept(member: Callable[..., Person], library: Library):
    viewer = member("viewer")
    viewer.visit(ARTICLES)
    tall = viewer.page.locator("tr[data-pk]").first.bounding_box()
    dialog = open_dialog(viewer, "Columns")
    with viewer.page.expect_response("**/preferences"):
        dialog.get_by_role("button", name="Compact").click()
    expect(dialog.get_by_role("button", name="Compact")).to_have_attribute("aria-pressed", "true")
    viewer.page.keyboard.press("Escape")
    viewer.visit(ARTICLES)
    low = viewer.page.locator("tr[data-pk]").first.bounding_box()
    assert tall
    assert low
    assert low["height"] < tall["height"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_view_is_kept_changed_renamed_and_deleted(member: Callable[..., Person], library: Library, scripts: bool):
    editor = member("editor", scripts=scripts)
    editor.visit(f"{ARTICLES}?search=Article&sort=title")
    editor.link("Save view…").click()
    editor.page.get_by_label("Name of the view").fill("Short ones")
    editor.follow(editor.button("Save view"))
    expect(tab(editor, "Short ones")).to_have_attribute("aria-current", "page")
    opened = editor.page.url
    assert set(asked(editor)) == {"view"}

    sorting = editor.page.locator("th[data-name=title] a")
    sorting.click()
    expect(tab(editor, "Short ones")).to_contain_text("changed")
    editor.link("Discard changes").click()
    expect(tab(editor, "Short ones")).not_to_contain_text("changed")
    assert editor.page.url == opened
    sorting.click()
    expect(tab(editor, "Short ones")).to_contain_text("changed")
    editor.follow(editor.page.get_by_role("button", name="Save", exact=True))
    assert editor.page.url == opened
    expect(editor.page.locator("th[data-name=title]")).to_have_attribute("aria-sort", "descending")

    editor.page.locator(".views-menu summary").click()
    editor.link("Name and sharing…").click()
    editor.page.get_by_label("Name of the view").fill("三体")
    editor.page.get_by_label("Open this view first").check()
    editor.follow(editor.page.locator("form.saved-view").get_by_role("button", name="Save"))
    editor.visit(ARTICLES)
    expect(tab(editor, "三体")).to_have_attribute("aria-current", "page")
    tab(editor, "All").click()
    expect(tab(editor, "All")).to_have_attribute("aria-current", "page")
    tab(editor, "三体").click()
    expect(tab(editor, "三体")).to_have_attribute("aria-current", "page")

    editor.page.locator(".views-menu summary").click()
    editor.follow(editor.link("Delete…"))
    editor.follow(editor.button("Delete"))
    expect(tab(editor, "三体")).to_have_count(0)


def test_columns_order_and_density_need_no_script(member: Callable[..., Person], library: Library):
    viewer = member("viewer", scripts=False)
    viewer.visit(f"{ARTICLES}?search=Article&columns={CHOICE}")
    viewer.follow(viewer.link("Columns"))
    columns = viewer.page.locator("#columns")
    columns.get_by_label("Place of Created").fill("1")
    columns.get_by_label("Author", exact=True).uncheck()
    viewer.follow(columns.get_by_role("button", name="Apply"))
    assert heads(viewer) == ["created_at", "title"]
    viewer.follow(viewer.link("Sort"))
    sort = viewer.page.locator("#sort")
    sort.get_by_label("Column 1").select_option("Title")
    sort.get_by_label("Descending").nth(0).check()
    sort.get_by_label("Column 2").select_option("Created")
    sort.get_by_label("Descending").nth(1).uncheck()
    viewer.follow(sort.get_by_role("button", name="Apply"))
    assert asked(viewer) == {"search": "Article", "columns": "created_at,title", "sort": "-title,created_at"}
    viewer.follow(viewer.link("Columns"))
    viewer.follow(viewer.button("Compact"))
    expect(viewer.page.locator("html")).to_have_attribute("data-density", "compact")
    assert asked(viewer)["sort"] == "-title,created_at"


def test_axe_finds_nothing_among_views(member: Callable[..., Person], session: Session):
    make_articles(session, 3)
    editor = member("editor")
    editor.visit(f"{ARTICLES}views/new/?search=a&columns=title,content")
    check(editor, "a new view")
    editor.page.get_by_label("Name of the view").fill("A name that is as long as a name may be, which is sixty")
    editor.page.get_by_label("Who sees it").select_option("Everybody with the role editor")
    editor.follow(editor.button("Save view"))
    view = asked(editor)["view"]
    check(editor, "a view")
    editor.visit(f"{ARTICLES}?search=b&based={view}")
    editor.page.locator(".views-menu summary").click()
    check(editor, "a view that is departed from, with its menu")
    for link in ("Sort", "Columns", "Save as new…"):
        editor.visit(f"{ARTICLES}?search=b&based={view}")
        open_dialog(editor, link)
        check(editor, f"the dialog of {link}")
    editor.visit(f"{ARTICLES}arrange/")
    check(editor, "columns and order")
    editor.visit(f"{ARTICLES}?view=999")
    check(editor, "no such view")


@pytest.mark.parametrize("width", [320, 1280])
def test_many_tabs_scroll_and_the_page_does_not(member: Callable[..., Person], session: Session, width: int):
    make_articles(session, 3)
    editor = member("editor", viewport={"width": width, "height": 800})
    for n in range(15):
        editor.visit(f"{ARTICLES}views/new/?search={n}")
        editor.page.get_by_label("Name of the view").fill(f"View number {n}")
        editor.follow(editor.button("Save view"))
    assert editor.page.evaluate("document.scrollingElement.scrollWidth") <= width
    expect(tab(editor, "View number 14")).to_be_in_viewport()
    editor.visit(f"{ARTICLES}arrange/")
    assert editor.page.evaluate("document.scrollingElement.scrollWidth") <= width
