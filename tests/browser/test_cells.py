"""A cell is edited where it stands: by the pointer and by keys, with conflicts and a session that ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Route, expect
from sqlalchemy.orm import Session

from backoffice.models import Article
from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.browser.test_accessibility import check

pytestmark = pytest.mark.sqlite_only


def cell(person: Person, key: int, column: str) -> Locator:
    """The cell of a record under the head of a column."""
    names = [head.get_attribute("data-name") for head in person.page.locator(".records thead th").all()]
    return person.row(str(key)).locator("td").nth(names.index(column))


def editor_of(person: Person) -> Locator:
    """The form that stands over the cell."""
    return person.page.locator("form.cell-form")


def edit(person: Person, key: int, column: str, label: str) -> Locator:
    """Open a cell by F2 and give its field."""
    cell(person, key, column).click(position={"x": 3, "y": 3})
    person.page.keyboard.press("F2")
    field = editor_of(person).get_by_label(label, exact=True)
    expect(field).to_be_focused()
    return field


def test_a_title_is_changed_by_keys_alone(member: Callable[..., Person], library: Library, session: Session):
    editor = member("editor")
    editor.visit("/admin/article/?search=番茄")
    press = editor.page.keyboard.press
    press("j")
    press("F2")
    field = editor_of(editor).get_by_label("Title", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value("番茄育苗笔记")
    editor.page.keyboard.type("茄子")
    press("Escape")
    expect(editor_of(editor)).to_have_count(0)
    expect(cell(editor, library.tomatoes.id, "title")).to_be_focused()
    press("Enter")
    expect(field).to_have_value("番茄育苗笔记")
    field.fill("茄子")
    press("Enter")
    expect(cell(editor, library.tomatoes.id, "title")).to_contain_text("茄子")
    expect(editor.row(str(library.tomatoes.id))).to_have_attribute("data-version", "2")
    session.expire_all()
    assert session.get_one(Article, library.tomatoes.id).title == "茄子"


def test_tab_saves_and_goes_on(member: Callable[..., Person], library: Library, session: Session):
    editor = member("editor")
    editor.visit("/admin/article/?search=番茄")
    edit(editor, library.tomatoes.id, "title", "Title").fill("茄子")
    editor.page.keyboard.press("Tab")
    author = editor_of(editor).get_by_role("combobox")
    expect(author).to_be_focused()
    editor.choose("Author", "grace")
    editor.page.keyboard.press("Tab")
    moment = editor_of(editor).get_by_label("Published at", exact=True)
    expect(moment).to_be_focused()
    moment.fill("2026-01-15T12:00")
    editor.page.keyboard.press("Enter")
    row = editor.row(str(library.tomatoes.id))
    expect(row).to_contain_text("Yes")
    expect(row).to_contain_text("grace")
    expect(row).to_have_attribute("data-version", "4")
    session.expire_all()
    article = session.get_one(Article, library.tomatoes.id)
    assert (article.title, article.user_id) == ("茄子", library.grace.id)
    assert article.published


def test_the_pointer_finds_a_pencil(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit("/admin/article/?search=番茄")
    cell(editor, library.tomatoes.id, "published_at").hover()
    editor.page.get_by_role("button", name="Edit Published at").click()
    expect(editor_of(editor).get_by_label("Published at", exact=True)).to_be_focused()
    editor.page.mouse.click(5, 5)
    expect(editor_of(editor)).to_have_count(0)
    cell(editor, library.tomatoes.id, "published_at").dblclick()
    expect(editor_of(editor)).to_have_count(1)


def test_what_is_refused_is_told_in_place_and_stays(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit("/admin/article/?search=番茄")
    field = edit(editor, library.tomatoes.id, "title", "Title")
    field.fill("")
    editor.page.keyboard.press("Enter")
    expect(editor_of(editor).get_by_role("alert")).to_have_text("This field is required.")
    expect(field).to_be_focused()
    editor.page.keyboard.type("茄子")
    editor.page.keyboard.press("Enter")
    expect(editor_of(editor)).to_have_count(0)
    expect(editor.page.locator("#list-status")).to_have_text("Saved.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_conflict_is_told_in_place_with_a_choice(
    member: Callable[..., Person], library: Library, session: Session, theme: str
):
    editor = member("editor", theme=theme)
    editor.visit("/admin/article/?search=番茄")
    key = library.tomatoes.id
    field = edit(editor, key, "title", "Title")
    session.get_one(Article, key).title = "Theirs"
    session.commit()
    field.fill("Mine")
    editor.page.keyboard.press("Enter")
    expect(editor_of(editor).get_by_text("Somebody else changed")).to_be_visible()
    expect(editor_of(editor).locator("[data-theirs]")).to_have_text("Theirs")
    expect(field).to_have_value("Mine")
    check(editor, "a conflict in a cell")
    editor.button("Keep editing").click()
    editor.page.keyboard.press("Enter")
    expect(cell(editor, key, "title")).to_contain_text("Mine")
    session.expire_all()
    session.get_one(Article, key).title = "Theirs again"
    session.commit()
    edit(editor, key, "title", "Title")
    expect(editor_of(editor).locator("[data-theirs]")).to_have_text("Theirs again")
    editor.button("Take theirs").click()
    expect(cell(editor, key, "title")).to_contain_text("Theirs again")
    session.expire_all()
    assert session.get_one(Article, key).title == "Theirs again"


def test_nothing_typed_is_lost_when_the_session_ends(
    member: Callable[..., Person], library: Library, session: Session, staff: Callable[..., tuple[str, str]]
):
    editor = member("editor")
    editor.visit("/admin/article/?search=番茄")
    field = edit(editor, library.tomatoes.id, "title", "Title")
    field.fill("Typed for long")
    editor.context.clear_cookies()
    editor.page.keyboard.press("Enter")
    expect(editor_of(editor).get_by_role("alert")).to_contain_text("Sign in again")
    expect(field).to_have_value("Typed for long")
    other = editor.context.new_page()
    other.goto(f"{editor.address}/sign-in")
    other.get_by_label("Email address").fill("editor@example.com")
    other.get_by_label("Password", exact=True).fill("correct horse battery staple")
    other.get_by_role("button", name="Sign in", exact=True).click()
    other.wait_for_url("**/admin/")
    field.press("Enter")
    expect(cell(editor, library.tomatoes.id, "title")).to_contain_text("Typed for long")


def test_leaving_with_something_typed_is_asked_first(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit("/admin/article/")
    asked: list[str] = []
    editor.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    edit(editor, library.tomatoes.id, "title", "Title").fill("Typed")
    editor.page.locator("thead").get_by_role("link", name="Title").click(no_wait_after=True)
    expect(editor_of(editor).get_by_label("Title", exact=True)).to_have_value("Typed")
    assert asked == ["beforeunload"]


def test_an_editable_list_fits_a_small_screen(member: Callable[..., Person], library: Library):
    editor = member("editor", viewport={"width": 375, "height": 700})
    editor.visit("/admin/article/?search=番茄")
    cell(editor, library.tomatoes.id, "published_at").dblclick()
    expect(editor_of(editor).get_by_label("Published at", exact=True)).to_be_focused()
    box = editor_of(editor).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    check(editor, "a cell on a small screen")


def test_a_cell_opened_later_takes_over_from_one_on_its_way(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit("/admin/article/?search=番茄")
    held: list[Route] = []
    editor.page.route("**/cell/?*name=title*", lambda route: held.append(route))
    key = library.tomatoes.id
    with editor.page.expect_request("**/cell/?*name=title*"):
        cell(editor, key, "title").dblclick(position={"x": 3, "y": 3})
    cell(editor, key, "published_at").dblclick()
    moment = editor_of(editor).get_by_label("Published at", exact=True)
    expect(moment).to_be_focused()
    [late] = held
    late.continue_()
    editor.page.wait_for_timeout(300)
    expect(editor_of(editor)).to_have_count(1)
    expect(moment).to_be_focused()
    expect(cell(editor, key, "title")).not_to_have_attribute("aria-busy", "true")
    editor.page.unroute("**/cell/?*name=title*")
    moment.press("Escape")
    assert edit(editor, key, "title", "Title").input_value() == "番茄育苗笔记"


def test_a_yes_or_no_is_turned_over_once_however_often_it_is_clicked(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit("/admin/article/?search=番茄")
    held: list[Route] = []
    sent: list[Route] = []
    # No list of ours has a yes or no to edit: the box stands in for one.
    editor.page.route("**/cell/?*name=title*", lambda route: held.append(route))
    editor.page.route("**/ajax/update/?*", lambda route: sent.append(route))
    title = cell(editor, library.tomatoes.id, "title")
    with editor.page.expect_request("**/cell/?*name=title*"):
        title.dblclick(position={"x": 3, "y": 3})
    title.dblclick(position={"x": 3, "y": 3})
    assert len(held) == 1
    answer = held[0].fetch()
    with editor.page.expect_request("**/ajax/update/?*"):
        held[0].fulfill(response=answer, body=answer.text().replace('type="text"', 'type="checkbox"'))
    title.dispatch_event("dblclick")
    editor.page.wait_for_timeout(100)
    [only] = sent
    only.continue_()
    expect(editor_of(editor)).to_have_count(0)
    expect(title).to_be_focused()
    assert (len(held), len(sent)) == (1, 1)
