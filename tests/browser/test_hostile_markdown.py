"""Hostile texts in a real browser under the real policy: nothing runs, nothing is fetched, the console stays silent."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from tests.browser.person import Person
from tests.factories import make_article
from tests.hostile_markdown import TEXTS

pytestmark = pytest.mark.sqlite_only
WHOLE = "\n\n".join([*(text.replace("\0", "") for text in TEXTS), "The end."])


def watch(person: Person) -> list[str]:
    """Every request from now on that leaves this site, or asks it for what only a text could have asked for."""
    asked: list[str] = []
    here = urlsplit(person.address).netloc

    def note(request: object) -> None:
        address = urlsplit(request.url)  # type: ignore[attr-defined]  # Playwright's
        if address.scheme in ("http", "https") and (address.netloc != here or "/export/" in address.path):
            asked.append(request.url)  # type: ignore[attr-defined]  # Playwright's

    person.page.on("request", note)
    return asked


def assert_nothing_happened(person: Person, asked: list[str], within: str) -> None:
    page = person.page
    expect(page.locator(within).get_by_text("The end.")).to_be_visible()
    # Handlers that wait for the pointer get their chance, too.
    for element in page.locator(f"{within} :is(a, img)").all():
        element.dispatch_event("mouseover")
        element.dispatch_event("error")
    assert page.evaluate("window.ran") is None
    assert (
        page.locator(f"{within} :is(script, style, iframe, svg, form, base, meta, details, math, object)").count() == 0
    )
    assert page.locator(f"{within} [style], {within} [id], {within} [onerror], {within} [onload]").count() == 0
    assert asked == []
    assert person.complaints == []


def test_nothing_runs_on_the_details_page(member: Callable[..., Person], session: Session) -> None:
    viewer, article = member("viewer"), make_article(session, content=WHOLE)
    asked = watch(viewer)
    viewer.visit(f"/admin/article/details/?id={article.id}")
    assert_nothing_happened(viewer, asked, ".prose")


def test_nothing_runs_in_the_preview(member: Callable[..., Person]) -> None:
    editor = member("editor")
    editor.visit("/admin/article/new/")
    asked = watch(editor)
    editor.page.get_by_label("Content", exact=True).fill(WHOLE)
    assert_nothing_happened(editor, asked, ".editor-preview")
    # Where the links of it lead is another window's business, and what was typed stays.
    with editor.context.expect_page() as opened:
        editor.page.locator(".editor-preview a[href^='/']").first.evaluate("a => { a.href = '/healthz'; a.click(); }")
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()
    expect(editor.page.get_by_label("Content", exact=True)).to_have_value(WHOLE)
    editor.page.get_by_label("Content", exact=True).fill("")
