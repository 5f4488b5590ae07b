"""The filter builder: the whole tree by pointer and by keys, in either theme and language, on a telephone too."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Library
from tests.browser.filters import LIST, apply, asked, condition, fill, open_builder, with_filter
from tests.browser.person import Person
from tests.browser.test_accessibility import check

pytestmark = pytest.mark.sqlite_only


def test_a_tree_is_built_and_opened_again(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer")
    viewer.visit(LIST + "?search=Article&page_size=10")
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "title", "contains")
    condition(dialog, 0).get_by_label("Value").fill("Article")
    dialog.get_by_role("button", name="Add a group").click()
    inner = dialog.locator(".filter-group .filter-group")
    inner.get_by_label("Which of the conditions have to hold").select_option("none")
    fill(condition(dialog, 1), "published_at", "during")
    condition(dialog, 1).get_by_label("Period").select_option("next")
    condition(dialog, 1).get_by_label("How many").fill("3")
    condition(dialog, 1).get_by_label("Unit").select_option("week")
    inner.get_by_role("button", name="Add a condition").click()
    fill(condition(dialog, 2), "users", "at_least")
    condition(dialog, 2).get_by_label("Value").fill("2")
    apply(viewer, dialog)
    tree = {
        "all": [
            ["title", "contains", "Article"],
            {"not": {"any": [["published_at", "during", "next 3 weeks"], ["users", "at_least", 2]]}},
        ]
    }
    assert asked(viewer) == tree
    assert parse_qs(urlsplit(viewer.page.url).query)["page_size"] == ["10"]
    expect(viewer.page.locator("[data-count]")).to_have_attribute("data-count", "40")
    viewer.page.locator("[data-filter-item='1']").click()
    dialog = viewer.page.get_by_role("dialog", name="Filter")
    expect(dialog.locator(".filter-group .filter-group select").first).to_be_focused()
    apply(viewer, dialog)
    assert asked(viewer) == tree


def test_a_filter_sent_while_the_last_one_is_on_its_way_is_the_one_that_comes(
    member: Callable[..., Person], library: Library
) -> None:
    viewer = member("viewer")
    viewer.visit(LIST)
    late: list[Route] = []
    viewer.page.route(lambda address: "where=" in address and "never" in address, lambda route: late.append(route))
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "title", "contains")
    value = condition(dialog, 0).get_by_label("Value")
    value.fill("never")
    with viewer.page.expect_request(lambda request: "where=" in request.url and "never" in request.url):
        dialog.get_by_role("button", name="Apply").click()
    open_builder(viewer)
    value.fill("三体")
    apply(viewer, dialog)
    assert asked(viewer) == {"all": [["title", "contains", "三体"]]}
    expect(viewer.page.locator("[data-count]")).to_have_attribute("data-count", "1")
    assert len(late) == 1


def test_who_closes_the_builder_while_it_is_sent_changes_nothing(
    member: Callable[..., Person], library: Library
) -> None:
    viewer = member("viewer")
    viewer.visit(LIST)
    held: list[Route] = []
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "title", "contains")
    condition(dialog, 0).get_by_label("Value").fill("三体")
    viewer.page.route("**/admin/article/filter/**", lambda route: held.append(route))
    dialog.get_by_role("button", name="Apply").click()
    viewer.page.wait_for_timeout(100)
    viewer.page.keyboard.press("Escape")
    with viewer.page.expect_response("**/admin/article/filter/**"):
        held[0].continue_()
    viewer.page.wait_for_timeout(200)
    assert "where=" not in viewer.page.url


def test_the_builder_is_worked_by_keys(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer")
    viewer.visit(LIST)
    viewer.page.locator(".filter-open").focus()
    viewer.page.keyboard.press("Enter")
    dialog = viewer.page.get_by_role("dialog", name="Filter")
    column = condition(dialog, 0).get_by_label("Column")
    expect(column).to_be_focused()
    viewer.page.keyboard.type("Title")
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.type("三体")
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.locator("[data-count]")).to_have_attribute("data-count", "1")
    assert asked(viewer) == {"all": [["title", "contains", "三体"]]}
    viewer.settle()
    viewer.page.keyboard.press("f")
    expect(dialog).to_be_visible()
    viewer.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_conditions_and_groups_are_taken_out(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer")
    viewer.visit(with_filter({"all": [["id", "less", 5], {"any": [["title", "empty"], ["content", "empty"]]}]}))
    dialog = open_builder(viewer)
    dialog.get_by_role("button", name="Remove the group").click()
    apply(viewer, dialog)
    assert asked(viewer) == {"all": [["id", "less", 5]]}
    dialog = open_builder(viewer)
    dialog.get_by_role("button", name="Clear all").click()
    apply(viewer, dialog)
    expect(viewer.page.locator(".pills")).to_have_count(0)
    assert asked(viewer) is None


@pytest.mark.parametrize(("width", "taken"), [(1280, 760), (375, 375)])
def test_the_builder_takes_the_room_there_is(
    member: Callable[..., Person], library: Library, width: int, taken: int
) -> None:
    person = member("viewer", viewport={"width": width, "height": 740})
    person.visit(LIST)
    box = open_builder(person).bounding_box()
    assert box is not None
    assert box["width"] == taken


def test_a_panel_of_a_record_is_filtered_in_its_place(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer")
    viewer.visit(f"/admin/user/relation/?id={library.reader.id}&name=collection_articles")
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "title", "ends_with")
    condition(dialog, 0).get_by_label("Value").fill("7")
    apply(viewer, dialog)
    assert "/admin/user/relation/" in viewer.page.url
    expect(viewer.page.locator("[data-count]")).to_have_attribute("data-count", "4")


@pytest.mark.parametrize(("width", "locale"), [(1280, "en-GB"), (375, "en-GB"), (320, "zh-CN")])
def test_axe_finds_nothing_in_the_builder(
    member: Callable[..., Person], library: Library, width: int, locale: str
) -> None:
    viewer = member("viewer", viewport={"width": width, "height": 800})
    tree = {
        "any": [
            ["title", "in", ["a", "三体"]],
            ["user", "in", [library.ada.id]],
            {"not": {"all": [["published_at", "during", "last 7 days"], ["id", "between", [1, 5]]]}},
        ]
    }
    if locale != "en-GB":
        viewer.context.add_cookies([{"name": "locale", "value": "zh_CN", "url": viewer.address}])
    viewer.visit(with_filter(tree))
    viewer.page.locator(".filter-open").click()
    expect(viewer.page.locator(".filter-dialog .picker[data-ready]")).to_be_visible()
    check(viewer, "the builder")
    assert viewer.page.evaluate("document.scrollingElement.scrollWidth") <= width
    body = viewer.page.locator(".filter-dialog")
    assert body.evaluate("element => element.scrollWidth <= element.clientWidth")
