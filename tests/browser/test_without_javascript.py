"""Scripts add comfort, never a function: the same work with all of them switched off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from backoffice.models import Article, User
from tests.browser.conftest import Library
from tests.browser.morning import check_the_database, do_the_morning
from tests.browser.person import Person
from tests.factories import make_user

pytestmark = pytest.mark.sqlite_only


def test_an_editor_does_a_mornings_work(
    somebody: Callable[..., Person], one_time_password: str, library: Library, session: Session
):
    do_the_morning(somebody(scripts=False), one_time_password, library)
    check_the_database(session, library)


def test_a_list_is_filtered_sorted_and_paged(member: Callable[..., Person], library: Library):
    viewer = member("viewer", scripts=False)
    viewer.visit("/admin/article/")
    viewer.follow(viewer.link("Filter"))
    viewer.follow(viewer.link("contains (Title)"))
    viewer.page.get_by_label("Title").fill("Article")
    viewer.follow(viewer.button("Add"))
    expect(viewer.page.locator("[data-count]")).to_have_attribute("data-count", "40")
    viewer.follow(viewer.page.locator("thead").get_by_role("link", name="Title"))
    assert viewer.page.locator("tr[data-pk] .record-link").first.inner_text() == "Article 1"
    viewer.follow(viewer.link("Next page"))
    expect(viewer.page.locator("tr[data-pk]")).to_have_count(15)
    viewer.follow(viewer.link("Clear all"))
    expect(viewer.page.locator("[data-count]")).to_have_attribute("data-count", "43")


def test_a_record_is_made_and_deleted(member: Callable[..., Person], library: Library, session: Session):
    admin = member("admin", scripts=False)
    admin.visit("/admin/user/new/")
    admin.page.get_by_label("User name", exact=True).fill("turing")
    admin.follow(admin.button("Save"))
    expect(admin.page.get_by_text("This field is required.").first).to_be_visible()
    admin.page.get_by_label("Email", exact=True).fill("turing@example.com")
    admin.follow(admin.button("Save"))
    key = str(session.scalar(sa.select(User.id).where(User.username == "turing")))
    admin.follow(admin.row(key).get_by_role("link", name="turing", exact=True))
    admin.follow(admin.link("Delete"))
    expect(admin.page.get_by_text("turing").first).to_be_visible()
    admin.follow(admin.button("Delete"))
    expect(admin.page.get_by_text("was deleted")).to_be_visible()
    session.expire_all()
    assert session.get(User, int(key)) is None


def test_ticked_rows_are_deleted_after_a_question(member: Callable[..., Person], library: Library, session: Session):
    admin = member("admin", scripts=False)
    admin.visit("/admin/article/")
    keys = [library.tomatoes.id, library.bridges.id]
    for key in keys:
        admin.tick(str(key))
    admin.follow(admin.button("Delete"))
    expect(admin.page.get_by_text("番茄育苗笔记").first).to_be_visible()
    admin.follow(admin.button("Delete: 2 records"))
    expect(admin.page.get_by_text("2 records were deleted.")).to_be_visible()
    session.expire_all()
    assert [session.get(Article, key) for key in keys] == [None, None]


def test_a_person_can_change_language_and_theme_and_leave(member: Callable[..., Person], session: Session):
    make_user(session)
    viewer = member("viewer", scripts=False)
    viewer.page.locator("details.person summary").click()
    viewer.follow(viewer.button("Dark"))
    expect(viewer.page.locator("html")).to_have_attribute("data-theme", "dark")
    viewer.page.locator("details.person summary").click()
    viewer.follow(viewer.button("Sign out"))
    viewer.visit("/admin/")
    assert "/sign-in" in viewer.page.url
