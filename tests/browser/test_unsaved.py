"""What was typed survives a killed tab, another tab, Back, and a way without scripts; and goes once it is saved."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from backoffice.models import Article, Draft
from tests.browser.conftest import Library
from tests.browser.person import Person

pytestmark = pytest.mark.sqlite_only

KEPT = re.compile("Kept in this browser|Draft saved")


def edit(library: Library) -> str:
    return f"/admin/article/edit/?id={library.tomatoes.id}"


def typed(person: Person, text: str, field: str = "Content") -> None:
    """Type into the form and wait until it is kept."""
    box = person.page.get_by_label(field, exact=True)
    box.fill(text)
    expect(person.page.locator("[data-draft-status]")).to_have_text(KEPT)


def saved_on_the_server(person: Person) -> None:
    expect(person.page.locator("[data-draft-status]")).to_have_text(re.compile("Draft saved"))


def offers(page: Page) -> Locator:
    return page.locator(".offer")


def kill(person: Person) -> None:
    """The tab is gone without a word: no page hears of it, and none asks."""
    gone, person.page = person.page, person.context.new_page()
    person.page.set_default_timeout(15_000)
    gone.close(run_before_unload=False)


def test_a_killed_tab_s_text_is_offered_back_and_gone_once_saved(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit(edit(library))
    typed(editor, "番茄已经发芽。")
    kill(editor)
    editor.visit(edit(library))
    expect(offers(editor.page)).to_have_count(1)
    expect(offers(editor.page)).to_contain_text("番茄已经发芽。")
    expect(editor.page.get_by_label("Content", exact=True)).to_have_value("一\n\n二")
    editor.button("Restore").click()
    expect(editor.page.get_by_label("Content", exact=True)).to_have_value("番茄已经发芽。")
    expect(offers(editor.page)).to_have_count(0)
    editor.follow(editor.button("Save"))
    session.expire_all()
    assert session.get_one(Article, library.tomatoes.id).content == "番茄已经发芽。"
    assert session.scalars(sa.select(Draft)).all() == []
    assert left_in_the_browser(editor) == 0
    editor.page.go_back()
    editor.settle()
    expect(offers(editor.page)).to_have_count(0)


def left_in_the_browser(person: Person) -> int:
    count: int = person.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('backoffice.')).length")
    return count


def test_discarded_text_and_text_that_was_taken_back_is_not_offered_again(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit(edit(library))
    typed(editor, "not this")
    saved_on_the_server(editor)
    kill(editor)
    editor.visit(edit(library))
    editor.button("Discard").click()
    expect(offers(editor.page)).to_have_count(0)
    typed(editor, "nor this")
    editor.page.get_by_label("Content", exact=True).fill("一\n\n二")
    expect(editor.page.locator("[data-draft-status]")).to_have_text("")
    kill(editor)
    editor.visit(edit(library))
    expect(editor.page.locator("[data-draft-status]")).to_have_text("")
    assert left_in_the_browser(editor) == 0
    assert session.scalars(sa.select(Draft)).all() == []


def test_two_tabs_of_one_record_keep_a_text_each(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit(edit(library))
    typed(editor, "from the first tab")
    saved_on_the_server(editor)
    first = editor.page
    second = editor.page = editor.context.new_page()
    editor.visit(edit(library))
    second.get_by_label("Title", exact=True).fill("From the second tab")
    expect(second.locator("[data-draft-status]")).to_have_text(re.compile("another window keeps the draft"))
    expect(offers(second)).to_have_count(0)
    first.close()
    kill(editor)
    editor.visit(edit(library))
    expect(offers(editor.page)).to_have_count(2)
    expect(offers(editor.page).first).to_contain_text("From the second tab")
    expect(offers(editor.page).last).to_contain_text("from the first tab")


def test_a_stale_draft_is_compared_and_overwrites_nothing(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit(edit(library))
    typed(editor, "mine")
    kill(editor)
    article = session.get_one(Article, library.tomatoes.id)
    article.content = "theirs"
    session.commit()
    editor.visit(edit(library))
    expect(offers(editor.page)).to_contain_text("changed since")
    editor.button("Restore").click()
    editor.follow(editor.button("Save"))
    expect(editor.page.locator("#conflict, .conflict").first).to_be_visible()
    session.expire_all()
    assert session.get_one(Article, library.tomatoes.id).content == "theirs"


def test_a_new_record_s_draft_is_found_on_another_machine_through_the_home_page(
    member: Callable[..., Person], somebody: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit("/admin/article/new/")
    editor.choose("Author", "Grace")
    typed(editor, "A new story", "Title")
    saved_on_the_server(editor)
    elsewhere = somebody()
    elsewhere.sign_in("editor@example.com", "correct horse battery staple")
    elsewhere.visit("/admin/")
    elsewhere.follow(elsewhere.page.locator(".drafts").get_by_role("link", name="A new story"))
    elsewhere.button("Restore").click()
    expect(elsewhere.page.get_by_label("Title", exact=True)).to_have_value("A new story")
    expect(elsewhere.page.get_by_label("Author", exact=True)).to_have_value("grace")
    saved_on_the_server(elsewhere)
    elsewhere.follow(elsewhere.button("Save"))
    made = session.scalars(sa.select(Article).where(Article.title == "A new story")).one()
    assert made.user_id == library.grace.id
    assert session.scalars(sa.select(Draft)).all() == []
    elsewhere.visit("/admin/")
    expect(elsewhere.page.locator(".drafts")).to_have_count(0)


def test_a_form_with_errors_goes_on_as_the_same_draft(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit("/admin/article/new/")
    typed(editor, "A text without a title")
    editor.follow(editor.button("Save"))
    expect(editor.page.locator("#errors")).to_be_visible()
    expect(editor.page.locator("[data-draft-status]")).to_have_text(KEPT)
    expect(offers(editor.page)).to_have_count(0)
    kill(editor)
    editor.visit("/admin/article/new/")
    expect(offers(editor.page)).to_have_count(1)


def test_signing_out_tells_what_it_removes(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit(edit(library))
    typed(editor, "a secret plan")
    kill(editor)
    editor.visit("/admin/")
    editor.page.locator("details.person summary").click()
    editor.button("Sign out").click()
    expect(editor.page.get_by_text("It is removed when you sign out")).to_be_visible()
    editor.button("Stay signed in").click()
    assert left_in_the_browser(editor) == 1
    editor.button("Sign out").click()
    editor.follow(editor.button("Sign out and remove it"))
    assert "/sign-in" in editor.page.url
    assert left_in_the_browser(editor) == 0


def test_nobody_else_is_offered_what_one_typed(member: Callable[..., Person], library: Library, staff):
    editor = member("editor")
    editor.visit(edit(library))
    typed(editor, "for my eyes only")
    kill(editor)
    editor.context.clear_cookies()
    editor.sign_in(*staff("admin"))
    editor.visit(edit(library))
    typed(editor, "something else")
    expect(offers(editor.page)).to_have_count(0)


def test_passwords_are_kept_nowhere(member: Callable[..., Person], library: Library):
    admin = member("admin")
    admin.visit("/admin/user/new/")
    admin.page.get_by_label("Password", exact=True).fill("a password of a reader")
    typed(admin, "turing", "User name")
    kept = admin.page.evaluate(
        "Object.entries(localStorage).filter(([key]) => key.startsWith('backoffice.')).map(String).join()"
    )
    assert "turing" in kept
    assert "a password" not in kept


def test_two_people_at_a_record_see_each_other_and_that_it_changed(
    member: Callable[..., Person], library: Library, session: Session
):
    editor, viewer = member("editor"), member("viewer")
    editor.visit(edit(library))
    expect(editor.page.locator(".presence-people")).to_be_hidden()
    viewer.visit(f"/admin/article/details/?id={library.tomatoes.id}")
    expect(viewer.page.locator(".presence-people")).to_contain_text("editor@example.com is editing")
    article = session.get_one(Article, library.tomatoes.id)
    article.title = "Tomatoes"
    session.commit()
    look_again(editor)
    expect(editor.page.locator(".presence-people")).to_contain_text("viewer@example.com is reading")
    expect(editor.page.locator(".presence-changed")).to_contain_text("What you typed is kept")
    viewer.visit("/admin/")
    look_again(editor)
    expect(editor.page.locator(".presence-people")).to_be_hidden()
    session.delete(article)
    session.commit()
    look_again(editor)
    expect(editor.page.locator(".presence-changed")).to_contain_text("was deleted")


def look_again(person: Person) -> None:
    """What the browser says when somebody comes back to the window."""
    person.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_form_that_nobody_touches_keeps_no_draft_though_the_browser_writes_its_time_otherwise(
    member: Callable[..., Person], library: Library, session: Session
):
    library.tomatoes.published_at = datetime(2099, 3, 1, 10, tzinfo=UTC)
    session.add(library.tomatoes)
    session.commit()
    editor = member("editor")
    editor.visit(edit(library))
    editor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    editor.page.get_by_label("Title", exact=True).dispatch_event("input")
    editor.page.wait_for_timeout(1500)
    assert left_in_the_browser(editor) == 0
