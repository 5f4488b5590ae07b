"""Two people at one article, in Chromium: what is put together, what is asked about, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from backoffice.models import Article
from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.faults.people import Visitor


def test_two_people_meet_and_nothing_is_lost(
    somebody: Callable[..., Person], staff: Callable[..., tuple[str, str]], library: Library, session: Session
) -> None:
    ada, grace = somebody(), somebody()
    ada.sign_in(*staff("editor", "ada@example.com"))
    grace.sign_in(*staff("editor", "grace@example.com"))
    path = f"/admin/article/edit/?id={library.tomatoes.id}"
    for person in (ada, grace):
        person.visit(path)
    # Different fields: both stay.
    grace.page.get_by_label("Title").fill("Growing tomatoes")
    grace.follow(grace.button("Save and continue"))
    ada.page.get_by_label("Content").fill("Three")
    ada.follow(ada.button("Save and continue"))
    expect(ada.page.get_by_text("grace@example.com changed meanwhile, and it was kept: Title.")).to_be_visible()
    # The same field: one is asked, and typing on means one's own.
    grace.page.get_by_label("Content").fill("Four")
    grace.follow(grace.button("Save and continue"))
    conflict = grace.page.locator("#conflict")
    expect(conflict).to_contain_text("ada@example.com saved it")
    expect(conflict.locator("ins").first).to_contain_text("Three")
    expect(grace.page.get_by_label("Content")).to_have_value("Four")
    grace.page.get_by_label("Content").fill("Three and four")
    expect(conflict.get_by_label("Yours")).to_be_checked()
    grace.follow(grace.button("Save with these"))
    session.expire_all()
    assert (library.tomatoes.title, library.tomatoes.content) == ("Growing tomatoes", "Three and four")
    # And back again, from the history.
    ada.visit(f"/admin/article/history/?id={library.tomatoes.id}")
    ada.follow(ada.button("Take back this change"))
    expect(ada.page.locator(".event").first).to_contain_text("Reverted")
    session.expire_all()
    assert library.tomatoes.content == "Three"


def test_what_was_deleted_comes_back_by_two_clicks(
    member: Callable[..., Person], library: Library, session: Session
) -> None:
    person = member("editor")
    person.visit(f"/admin/article/details/?id={library.bridges.id}")
    person.follow(person.link("Delete"))
    person.follow(person.page.locator(".confirm .btn-danger"))
    person.follow(person.link("Recently deleted"))
    person.follow(person.link("Bridges & <b>beams</b>"))
    person.follow(person.button("Restore"))
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Bridges & <b>beams</b>")
    session.expire_all()
    assert session.get_one(Article, library.bridges.id).version == 2


def test_ten_presses_at_once_make_one_row(member: Callable[..., Person], address: str, session: Session) -> None:
    person = member("editor")
    person.visit("/admin/article/new/")
    person.page.get_by_label("Title").fill("Only once")
    fields = person.page.evaluate("Object.fromEntries(new FormData(document.querySelector('.record-form')))")
    cookies = {cookie["name"]: cookie["value"] for cookie in person.context.cookies()}

    def press(_number: int) -> tuple[int, str]:
        status, _page, location = Visitor(address, dict(cookies)).ask("POST", "/admin/article/new/", fields)
        return status, location

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(press, range(10)))) == 1
    assert session.scalar(sa.select(sa.func.count()).where(Article.title == "Only once")) == 1
