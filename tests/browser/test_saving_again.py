"""A save goes on where it was stopped: by a session that has ended, another person, or a server that is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy.orm import Session

from backoffice.models import Article
from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.conftest import PASSWORD

pytestmark = pytest.mark.sqlite_only


def edit(library: Library) -> str:
    return f"/admin/article/edit/?id={library.tomatoes.id}"


def content(person: Person) -> Locator:
    return person.page.get_by_label("Content", exact=True)


def title_of(session: Session, library: Library) -> str:
    session.expire_all()
    return session.get_one(Article, library.tomatoes.id).title


def dialog(person: Person) -> Locator:
    return person.page.locator("#sign-in-again")


def test_an_expired_session_is_signed_in_in_place_and_the_save_goes_on(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit(edit(library))
    editor.page.get_by_label("Title", exact=True).fill("Tomatoes in May")
    editor.context.clear_cookies(name="session")
    editor.page.get_by_label("Title", exact=True).press("Control+Enter")
    expect(dialog(editor)).to_be_visible()
    expect(dialog(editor).get_by_label("Email address")).to_have_value("editor@example.com")
    dialog(editor).get_by_label("Password").fill("not my password")
    dialog(editor).get_by_role("button", name="Sign in and save").click()
    expect(dialog(editor)).to_contain_text("The email address or the password is not right")
    assert title_of(session, library) == "番茄育苗笔记"
    dialog(editor).get_by_label("Password").fill(PASSWORD)
    editor.follow(lambda: dialog(editor).get_by_label("Password").press("Enter"))
    assert title_of(session, library) == "Tomatoes in May"
    assert "/admin/article/" in editor.page.url


def test_the_button_that_was_pressed_is_the_one_that_counts(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit(edit(library))
    editor.page.get_by_label("Title", exact=True).fill("Tomatoes")
    editor.context.clear_cookies(name="session")
    editor.button("Save and continue").click()
    dialog(editor).get_by_role("button", name="Not now").click()
    expect(dialog(editor)).to_be_hidden()
    expect(editor.page.get_by_label("Title", exact=True)).to_have_value("Tomatoes")
    editor.button("Save and continue").click()
    dialog(editor).get_by_label("Password").fill(PASSWORD)
    editor.follow(dialog(editor).get_by_role("button", name="Sign in and save"))
    assert "/admin/article/edit/" in editor.page.url
    assert title_of(session, library) == "Tomatoes"


def test_another_person_s_session_is_noticed_before_anything_is_saved(
    member: Callable[..., Person], library: Library, session: Session, staff: Callable[..., tuple[str, str]]
):
    editor = member("editor")
    editor.visit(edit(library))
    editor.page.get_by_label("Title", exact=True).fill("Tomatoes")
    form = editor.page
    editor.page = editor.context.new_page()
    editor.context.clear_cookies(name="session")
    editor.sign_in(*staff("admin"))
    editor.page = form
    editor.button("Save").click()
    expect(dialog(editor)).to_contain_text("signed in as admin@example.com")
    assert title_of(session, library) == "番茄育苗笔记"
    dialog(editor).get_by_label("Password").fill(PASSWORD)
    editor.follow(dialog(editor).get_by_role("button", name="Sign in and save"))
    assert title_of(session, library) == "Tomatoes"
    expect(editor.page.locator(".person-email")).to_have_text("editor@example.com")


def test_a_one_time_password_is_replaced_first(
    somebody: Callable[..., Person], one_time_password: str, library: Library, session: Session, app
):
    editor = somebody()
    editor.sign_in("new@example.com", one_time_password)
    editor.replace_password(one_time_password)
    editor.visit(edit(library))
    editor.page.get_by_label("Title", exact=True).fill("Tomatoes")
    from backoffice.access import accounts

    with app.app_context():
        again = accounts.reset_password("new@example.com")
    editor.button("Save").click()
    dialog(editor).get_by_label("Password").fill(again)
    dialog(editor).get_by_role("button", name="Sign in and save").click()
    form = editor.page
    with editor.context.expect_page() as opened:
        dialog(editor).get_by_role("link", name="Change it in another tab").click()
    editor.page = opened.value
    editor.settle()
    editor.replace_password(again, "another bridge over water")
    editor.page = form
    editor.follow(dialog(editor).get_by_role("button", name="It is changed: save now"))
    assert title_of(session, library) == "Tomatoes"


def test_a_save_waits_while_the_server_is_away_and_goes_on_by_itself(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit(edit(library))
    editor.page.get_by_label("Title", exact=True).fill("Tomatoes")
    editor.context.set_offline(True)
    editor.button("Save").click()
    expect(editor.page.get_by_text("No connection to the server")).to_be_visible()
    editor.button("Do not save yet").click()
    expect(editor.page.get_by_text("No connection to the server")).to_be_hidden()
    editor.button("Save").click()
    expect(editor.page.get_by_text("No connection to the server")).to_be_visible()
    editor.follow(lambda: editor.context.set_offline(False))
    assert title_of(session, library) == "Tomatoes"


def test_a_deploy_s_gateway_error_is_waited_out_at_a_press(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor")
    editor.visit(edit(library))
    editor.page.get_by_label("Title", exact=True).fill("Tomatoes")
    editor.page.route("**/session", lambda route: route.fulfill(status=502, body="Bad gateway"))
    editor.button("Save").click()
    expect(editor.page.get_by_text("No connection to the server")).to_be_visible()
    editor.page.unroute("**/session")
    editor.follow(editor.button("Try now"))
    assert title_of(session, library) == "Tomatoes"


def test_without_scripts_the_text_comes_along_through_the_sign_in(
    member: Callable[..., Person], library: Library, session: Session
):
    editor = member("editor", scripts=False)
    editor.visit(edit(library))
    content(editor).fill("erste Zeile\n\n第二行 <b>&")
    editor.context.clear_cookies(name="session")
    editor.follow(editor.button("Save"))
    expect(editor.page.get_by_text("What you typed is kept")).to_be_visible()
    editor.page.get_by_label("Email address").fill("editor@example.com")
    editor.page.get_by_label("Password", exact=True).fill("wrong")
    editor.follow(editor.button("Sign in"))
    editor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    editor.follow(editor.button("Sign in"))
    editor.follow(editor.button("Go back to what I typed"))
    expect(content(editor)).to_have_value("erste Zeile\n\n第二行 <b>&")
    expect(editor.page.get_by_text("Not saved yet")).to_be_visible()
    session.expire_all()
    assert session.get_one(Article, library.tomatoes.id).content == "一\n\n二"
    editor.follow(editor.button("Save"))
    session.expire_all()
    assert session.get_one(Article, library.tomatoes.id).content == "erste Zeile\n\n第二行 <b>&"
