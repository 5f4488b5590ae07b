"""What conditions compare with: records, numbers, moments and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Library
from tests.browser.filters import LIST, apply, asked, condition, fill, open_builder, with_filter
from tests.browser.person import Person

pytestmark = pytest.mark.sqlite_only


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
