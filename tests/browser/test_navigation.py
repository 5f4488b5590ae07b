"""A list changes in place: the address, the history, the focus and what is heard are as after a real load."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy.orm import Session

from backoffice.models import Article
from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.pages import row_keys

pytestmark = pytest.mark.sqlite_only

LIST = "/admin/article/?page_size=10"


@pytest.fixture
def viewer(member: Callable[..., Person], library: Library) -> Person:
    """Somebody before the list, whose window bears a mark that a real load would take away."""
    person = member("admin")
    person.visit(LIST)
    mark(person)
    return person


def mark(person: Person) -> None:
    person.page.evaluate("window.mark = 'still here'")


def is_same_document(person: Person) -> bool:
    return bool(person.page.evaluate("window.mark === 'still here'"))


def rows(person: Person) -> list[str]:
    return row_keys(person.page.content())


def test_pages_sorting_and_search_change_the_list_in_place(viewer: Person):
    first = rows(viewer)
    viewer.follow(viewer.link("Next page"))
    assert is_same_document(viewer)
    assert "after=" in viewer.page.url
    assert not set(rows(viewer)) & set(first)
    expect(viewer.link("Next page")).to_be_focused()
    viewer.follow(viewer.page.locator("thead").get_by_role("link", name="Title"))
    expect(viewer.page.locator("th[data-name=title]")).to_have_attribute("aria-sort", "ascending")
    expect(viewer.page.locator("th[data-name=title] a")).to_be_focused()
    viewer.search("番茄")
    expect(viewer.page.locator("tr[data-pk]")).to_have_count(1)
    expect(viewer.page.get_by_role("searchbox").first).to_be_focused()
    assert viewer.page.evaluate("[...CSS.highlights.get('found')].map(String)") == ["番茄"]
    assert is_same_document(viewer)
    expect(viewer.page).to_have_title("Articles · Backoffice")


def test_a_screen_reader_hears_how_many_there_are(viewer: Person):
    viewer.search("番茄")
    expect(viewer.page.locator("#list-status")).to_have_text("1 found · 1–1 of 1")


def test_back_and_forward_lead_through_what_was_seen(viewer: Person):
    first = rows(viewer)
    viewer.tick(first[2])
    viewer.follow(viewer.link("Next page"))
    second = rows(viewer)
    viewer.page.go_back()
    expect(viewer.row(first[0])).to_be_visible()
    expect(viewer.row(first[2]).locator("input[name=rowid]")).to_be_checked()
    expect(viewer.page.get_by_text("1 selected")).to_be_visible()
    assert viewer.page.url.endswith(LIST)
    viewer.page.go_forward()
    expect(viewer.row(second[0])).to_be_visible()
    expect(viewer.page.locator("input[name=rowid]:checked")).to_have_count(0)
    assert is_same_document(viewer)


def test_one_comes_back_from_a_record_to_where_one_was(viewer: Person):
    viewer.page.set_viewport_size({"width": 1000, "height": 620})
    viewer.follow(viewer.link("Next page"))
    keys = rows(viewer)
    viewer.page.locator(".table-region").evaluate("region => region.scrollTo(0, 120)")
    viewer.follow(viewer.row(keys[-1]).locator(".record-link"))
    viewer.page.go_back()
    viewer.settle()
    expect(viewer.row(keys[0])).to_be_attached()
    viewer.page.wait_for_function("document.querySelector('.table-region').scrollTop === 120")


def test_a_click_with_a_modifier_is_the_browsers(viewer: Person):
    here = viewer.page.url
    with viewer.context.expect_page() as opened:
        viewer.page.locator("thead").get_by_role("link", name="Title").click(modifiers=["ControlOrMeta"])
    opened.value.wait_for_url("**sort=title**")
    opened.value.close()
    assert (viewer.page.url, is_same_document(viewer)) == (here, True)


def test_the_later_of_two_requests_wins(viewer: Person):
    held: list[Route] = []
    viewer.page.route(re.compile("sort=title"), lambda route: held.append(route))
    viewer.page.locator("thead").get_by_role("link", name="Title").click(no_wait_after=True)
    viewer.page.wait_for_function("'loading' in document.documentElement.dataset")
    viewer.follow(viewer.link("Next page"))
    assert held
    assert "sort=" not in viewer.page.url
    expect(viewer.page.locator("html[data-loading]")).to_have_count(0)
    assert is_same_document(viewer)


def test_forward_before_the_page_behind_has_come_stays_where_one_is(viewer: Person):
    viewer.follow(viewer.link("Next page"))
    here, shown = viewer.page.url, rows(viewer)
    held: list[Route] = []
    viewer.page.route(lambda url: "page_size=10" in url and "after=" not in url, lambda route: held.append(route))
    viewer.page.evaluate("history.back()")
    viewer.page.wait_for_function("'loading' in document.documentElement.dataset")
    viewer.page.evaluate("history.forward()")
    viewer.page.wait_for_url(here)
    expect(viewer.page.locator("html[data-loading]")).to_have_count(0)
    for route in held:
        route.continue_()
    viewer.page.wait_for_timeout(200)
    assert (viewer.page.url, rows(viewer)) == (here, shown)


def test_what_is_typed_while_a_list_is_on_its_way_stays(viewer: Person):
    held: list[Route] = []
    viewer.page.route(re.compile("search="), lambda route: held.append(route))
    box = viewer.page.get_by_role("searchbox").first
    box.fill("番茄")
    box.press("Enter")
    viewer.page.wait_for_function("'loading' in document.documentElement.dataset")
    box.press_sequentially(" 育苗")
    held[0].continue_()
    expect(viewer.page.locator("tr[data-pk]")).to_have_count(1)
    expect(box).to_have_value("番茄 育苗")
    expect(box).to_be_focused()
    assert is_same_document(viewer)


def test_a_dialog_that_is_opened_while_a_list_is_on_its_way_stays(viewer: Person):
    held: list[Route] = []
    viewer.page.route(re.compile("after="), lambda route: held.append(route))
    first = rows(viewer)
    viewer.link("Next page").click(no_wait_after=True)
    viewer.page.wait_for_function("'loading' in document.documentElement.dataset")
    viewer.link("Columns").click()
    expect(viewer.page.get_by_role("dialog")).to_be_visible()
    held[0].continue_()
    expect(viewer.page.locator("html[data-loading]")).to_have_count(0)
    expect(viewer.page.get_by_role("dialog")).to_be_visible()
    assert rows(viewer) == first


def test_signed_out_one_is_led_to_the_sign_in_page(viewer: Person):
    viewer.context.clear_cookies()
    viewer.follow(viewer.link("Next page"))
    viewer.page.wait_for_url("**/sign-in?next=**")
    assert not is_same_document(viewer)


def test_an_error_page_is_shown_as_it_is(viewer: Person):
    viewer.page.evaluate("document.querySelector('a[rel=next]').href = '?sort=nonsense'")
    viewer.follow(viewer.link("Next page"))
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("That could not be understood")
    assert not is_same_document(viewer)


def test_what_is_heard_once_is_heard_once_after_many_changes(viewer: Person):
    """Keys are listened to on the document: the listeners of lists that are gone are gone too."""
    for _ in range(3):
        viewer.follow(viewer.link("Next page"))
    viewer.follow(viewer.link("First page"))
    keys = rows(viewer)
    for key in "jjx":
        viewer.page.keyboard.press(key)
    expect(viewer.row(keys[1])).to_have_attribute("data-at", "")
    expect(viewer.page.locator("input[name=rowid]:checked")).to_have_count(1)


def test_the_language_is_changed_where_one_is(viewer: Person):
    viewer.follow(viewer.link("Next page"))
    here = viewer.page.url
    viewer.page.locator("details.person summary").click()
    viewer.follow(viewer.button("简体中文"))
    assert viewer.page.url == here


def test_a_notice_that_comes_with_the_list_is_shown(viewer: Person, session: Session):
    viewer.page.evaluate(
        "document.querySelector('a[rel=next]').href = '?filter_column=id&filter_operator=equals&filter_value=abc'"
    )
    viewer.follow(viewer.link("Next page"))
    expect(viewer.page.get_by_text("is not a whole number")).to_be_visible()
    assert session.query(Article).count() == 43


def test_a_long_list_is_entered_at_a_page(member: Callable[..., Person], library: Library, session: Session):
    session.add_all(Article(title=f"More {n}", content="") for n in range(60))
    session.commit()
    viewer = member("viewer")
    viewer.visit(LIST)
    mark(viewer)
    box = viewer.page.get_by_label("Go to page")
    box.fill("9")
    viewer.follow(lambda: box.press("Enter"))
    assert "page=9" in viewer.page.url
    expect(viewer.page.locator(".pager a[aria-current=page]")).to_have_text("9")
    assert is_same_document(viewer)
