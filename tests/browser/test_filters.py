"""The filter builder: the whole tree by pointer and by keys, in either theme and language, on a telephone too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Library
from tests.browser.person import Person

pytestmark = pytest.mark.sqlite_only

LIST = "/admin/article/"


def with_filter(tree: Any) -> str:
    return f"{LIST}?where={quote(json.dumps(tree))}"


def asked(person: Person) -> Any:
    """The filter in the address."""
    found = parse_qs(urlsplit(person.page.url).query).get("where")
    return json.loads(found[0]) if found else None


def open_builder(person: Person) -> Locator:
    person.page.locator(".filter-open").click()
    dialog = person.page.get_by_role("dialog", name="Filter")
    expect(dialog.locator(".filter-group").first).to_be_visible()
    return dialog


def condition(dialog: Locator, number: int) -> Locator:
    return dialog.locator(".filter-condition").nth(number)


def fill(row: Locator, column: str, operator: str) -> None:
    row.get_by_label("Column").select_option(column)
    row.get_by_label("Comparison").select_option(operator)


def apply(person: Person, dialog: Locator) -> None:
    dialog.get_by_role("button", name="Apply").click()
    # The list that comes has not opened its own.
    expect(person.page.locator(".filter-dialog")).to_have_count(0)


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


def test_records_are_chosen_one_after_the_other(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer")
    viewer.visit(with_filter({"all": [["user", "in", [library.grace.id]]]}))
    dialog = open_builder(viewer)
    expect(dialog.locator(".filter-chosen li")).to_have_text("grace×")
    viewer.choose("Author", "ada")
    expect(dialog.locator(".filter-chosen li")).to_have_count(2)
    dialog.get_by_role("button", name="Take out grace").click()
    apply(viewer, dialog)
    assert asked(viewer) == {"all": [["user", "in", [library.ada.id]]]}
    expect(viewer.page.locator("[data-count]")).to_have_attribute("data-count", "42")


def test_a_name_that_is_typed_and_left_is_chosen(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer")
    viewer.visit(LIST)
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "user", "in")
    box = dialog.get_by_role("combobox", name="Author")
    box.press_sequentially("ada")
    expect(dialog.get_by_role("option", name="ada")).to_be_visible()
    box.press("Tab")
    expect(dialog.locator(".filter-chosen li")).to_have_text("ada×")
    box.press_sequentially("nobody")
    box.press("Tab")
    expect(dialog.locator(".filter-chosen li")).to_have_count(1)
    apply(viewer, dialog)
    assert asked(viewer) == {"all": [["user", "in", [library.ada.id]]]}


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


def test_a_key_that_only_looks_like_a_number_is_kept_as_it_came(
    member: Callable[..., Person], library: Library
) -> None:
    viewer = member("viewer")
    viewer.visit(LIST)

    def rename(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        for option in found["results"]:
            option["id"] = {"ada": "007", "grace": "7"}.get(option["label"], option["id"])
        route.fulfill(response=answer, json=found)

    viewer.page.route("**/admin/user/lookup/**", rename)
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "user", "in")
    for name in ("ada", "grace"):
        viewer.choose("Author", name)
    expect(dialog.locator(".filter-chosen li")).to_have_count(2)
    with viewer.page.expect_request("**/admin/article/filter/**") as sent:
        dialog.get_by_role("button", name="Apply").click()
    address = parse_qs(urlsplit(sent.value.url).query)["list"][0]
    assert json.loads(parse_qs(urlsplit(address).query)["where"][0]) == {"all": [["user", "in", ["007", 7]]]}


def test_what_is_wrong_is_told_in_place_and_kept(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer")
    viewer.visit(LIST)
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "id", "equals")
    value = condition(dialog, 0).get_by_label("Value")
    value.fill("abc")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("alert")).to_have_text("Enter a whole number.")
    expect(value).to_be_focused()
    value.fill("99999999999999999999")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("alert")).to_contain_text("is out of range")
    expect(value).to_have_value("99999999999999999999")
    assert asked(viewer) is None


def test_every_comparison_keeps_what_the_address_says(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer", timezone_id="Asia/Shanghai")
    tree = {
        "any": [
            ["title", "in", ["a, b", "三体"]],
            ["content", "empty"],
            ["id", "between", [1, 9]],
            ["published", "is", False],
            ["created_at", "greater", "2026-01-31T18:30:00.5"],
            ["created_at", "between", ["2026-01-01", "2026-01-31T18:30:00Z"]],
            ["created_at", "on", "2026-01-31"],
            ["published_at", "during", "last month"],
            ["published_at", "during", "last 24 hours"],
            ["users", "in", ["me"]],
            {"not": {"all": [["id", "less", 5], {"not": ["id", "less", 3]}]}},
        ]
    }
    viewer.visit(with_filter(tree))
    dialog = open_builder(viewer)
    apply(viewer, dialog)
    assert asked(viewer) == tree


def test_moments_are_typed_in_the_persons_time(member: Callable[..., Person], library: Library) -> None:
    viewer = member("viewer", timezone_id="Asia/Shanghai")
    viewer.visit(LIST)
    dialog = open_builder(viewer)
    fill(condition(dialog, 0), "created_at", "greater")
    condition(dialog, 0).get_by_label("Value").fill("2026-02-01T02:30")
    apply(viewer, dialog)
    assert asked(viewer) == {"all": [["created_at", "greater", "2026-01-31T18:30:00Z"]]}


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


@pytest.mark.parametrize(
    ("theme", "width", "locale"), [("light", 1280, "en-GB"), ("dark", 375, "en-GB"), ("dark", 320, "zh-CN")]
)
def test_axe_finds_nothing_in_the_builder(
    member: Callable[..., Person], library: Library, theme: str, width: int, locale: str
) -> None:
    viewer = member("viewer", theme=theme, viewport={"width": width, "height": 800})
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
    viewer.page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    viewer.listening = False
    found = Axe().run(viewer.page, options={"preload": False}).response
    viewer.listening = True
    told = [
        f"{r['id']}: {n['html'][:150]} {n['failureSummary'][:300]}" for r in found["violations"] for n in r["nodes"]
    ]
    assert told == []
    assert viewer.page.evaluate("document.scrollingElement.scrollWidth") <= width
    body = viewer.page.locator(".filter-dialog")
    assert body.evaluate("element => element.scrollWidth <= element.clientWidth")
