"""The filter builder, as a person works it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Locator, expect

from tests.browser.person import Person

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
