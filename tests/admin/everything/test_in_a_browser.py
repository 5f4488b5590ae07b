"""A real browser sends a form back in its own way: saved untouched, it must change nothing all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy.orm import Session

from tests.admin.everything.shared import LIST, raw_row
from tests.everything import OTHER, PLAIN, Everything, everything
from tests.serving import served

pytestmark = [
    pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning"),
    pytest.mark.sqlite_only,
]


@pytest.fixture
def address(site: Flask) -> Iterator[str]:
    """Where the application answers while the test runs."""
    with served(site) as address:
        yield address


@pytest.fixture(params=[True, False], ids=["with-script", "without-script"])
def page(request: pytest.FixtureRequest, chromium: str, address: str, staff: object) -> Iterator[Page]:
    """A browser in which an administrator has signed in."""
    assert callable(staff)
    email, password = staff("admin")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(java_script_enabled=request.param).new_page()
        page.goto(f"{address}/sign-in")
        page.fill("[name=email]", email)
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        yield page
        browser.close()


def test_an_untouched_form_changes_nothing(page: Page, address: str, rows: Session) -> None:
    needed = {f"{name}_needed": value for name, value in OTHER.items()}
    records = [
        everything(json=sa.null()),
        everything(**PLAIN),
        everything(**{**OTHER, **needed}),
        everything(
            string="a\nb", text="\n a\r\nb\rc\n", text_needed="\r\n", json=sa.JSON.NULL, json_needed=sa.JSON.NULL
        ),
        everything(string="\t a ", text="", text_needed="</textarea>\u2028\f", json="", json_needed=[1.0, "a\r\nb"]),
    ]
    rows.add_all(records)
    rows.commit()
    for record_id in rows.scalars(sa.select(Everything.id)).all():
        before = raw_row(rows, record_id)
        page.goto(f"{address}{LIST}edit/?id={record_id}")
        page.locator("form[method=post] button[type=submit]").filter(has_text="Save").first.click()
        page.wait_for_url(lambda url: "/edit/" not in url)
        assert "Nothing was changed" in page.content()
        assert raw_row(rows, record_id) == before


def test_a_moment_picked_in_a_browser_is_read(page: Page, address: str, rows: Session) -> None:
    record = everything(**PLAIN)
    rows.add(record)
    rows.commit()
    page.goto(f"{address}{LIST}edit/?id={record.id}")
    page.fill("[name=moment]", "1999-12-31T23:59:59")
    page.fill("[name=date]", "0001-01-02")
    page.locator("form[method=post] button[type=submit]").filter(has_text="Save").first.click()
    page.wait_for_url(lambda url: "/edit/" not in url)
    rows.expire_all()
    assert record.moment.isoformat() == "1999-12-31T23:59:59+00:00"
    assert record.date.isoformat() == "0001-01-02"


@pytest.mark.parametrize("page", [True], indirect=True)
def test_tab_goes_past_a_yes_or_no_and_enter_turns_it_over(
    page: Page, site: Flask, address: str, rows: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = next(v for v in site.extensions["admin"][0]._views if v.endpoint == "everything")
    monkeypatch.setattr(view, "column_editable_list", ("string_needed", "boolean_needed"))
    monkeypatch.setitem(vars(view), "cell_names", ("string_needed", "boolean_needed"))
    record = everything(**PLAIN)
    rows.add(record)
    rows.commit()
    before = record.boolean_needed
    page.goto(f"{address}{LIST}?columns=id,string_needed,boolean_needed")
    page.wait_for_selector("html[data-connected]", state="attached")
    text, truth = (page.locator("tbody td").nth(place) for place in (2, 3))
    text.click(position={"x": 3, "y": 3})
    page.keyboard.press("F2")
    expect(page.locator("form.cell-form")).to_be_visible()
    page.keyboard.press("Tab")
    expect(truth).to_be_focused()
    expect(page.locator("form.cell-form")).to_have_count(0)
    rows.refresh(record)
    assert record.boolean_needed is before
    page.keyboard.press("Enter")
    expect(truth).to_have_text("No" if before else "Yes")
    rows.refresh(record)
    assert record.boolean_needed is not before
