"""A person attaches many at once, makes records where they are needed, and steps through a list."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import Article, Collection, User
from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.factories import make_article, make_articles, make_user
from tests.pages import row_keys

pytestmark = pytest.mark.sqlite_only
Member = Callable[..., Person]
BOX = "Record to attach"


def panel(user: User, name: str = "collection_articles") -> str:
    return f"/admin/user/relation/?id={user.id}&name={name}"


def collected(session: Session, user: User) -> list[int]:
    session.expire_all()
    found = sa.select(Collection.article_id).where(Collection.user_id == user.id).order_by(Collection.article_id)
    return list(session.scalars(found))


def test_several_are_chosen_by_keys_and_attached_together(member: Member, session: Session) -> None:
    reader = make_user(session)
    articles = [make_article(session, title=title) for title in ("Alpha", "Beta", "Gamma")]
    person = member()
    person.visit(panel(reader))
    for title in ("Alpha", "Beta", "Gamma", "Alpha"):
        person.choose(BOX, title)
    chips = person.page.locator(".chip-label")
    assert chips.all_text_contents() == ["Alpha", "Beta", "Gamma"]
    assert person.page.locator(".attach > [role=status]").text_content() == "Alpha is chosen already."
    person.page.keyboard.press("Backspace")
    assert chips.all_text_contents() == ["Alpha", "Beta"]
    person.page.get_by_role("button", name="Remove Alpha").click()
    assert person.page.get_by_label(BOX, exact=True).evaluate("box => box === document.activeElement")
    person.choose(BOX, "Gamma")
    person.page.wait_for_function("document.querySelector('.picker-list').hidden")
    person.follow(lambda: person.page.keyboard.press("Enter"))
    assert person.page.get_by_text("2 records were attached.").is_visible()
    assert collected(session, reader) == [articles[1].id, articles[2].id]


def test_a_list_pasted_into_the_picker_is_recognised(member: Member, session: Session) -> None:
    reader = make_user(session)
    make_articles(session, 3)
    person = member(viewport={"width": 375, "height": 800})
    person.visit(panel(reader))
    person.choose(BOX, "Article 3")
    box = person.page.get_by_label(BOX, exact=True)
    paste = """(box, text) => {
        const data = new DataTransfer();
        data.setData("text/plain", text);
        box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }"""
    person.follow(lambda: box.evaluate(paste, "Article 1\nArticle 2\nnobody"))
    assert person.page.get_by_text("3 records will be attached.").is_visible()
    assert person.page.get_by_label("Not found").input_value().strip() == "nobody"
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 375
    person.follow(person.button("Attach 3 records"))
    assert len(row_keys(person.page.content())) == 3


def test_without_scripts_names_stand_between_commas(member: Member, session: Session) -> None:
    reader = make_user(session)
    make_articles(session, 2)
    person = member(scripts=False)
    person.visit(panel(reader))
    person.choose(BOX, "Article 1, Article 2")
    person.follow(person.button("Attach"))
    assert len(collected(session, reader)) == 2
    person.follow(person.link("Detach all…"))
    person.follow(person.button("Detach 2 records"))
    assert collected(session, reader) == []


def test_an_author_is_made_while_an_article_is_written(member: Member, session: Session) -> None:
    person = member()
    person.visit("/admin/article/new/")
    page = person.page
    page.get_by_label("Title", exact=True).fill("Half written")
    box = page.get_by_label("Author", exact=True)
    box.fill("ada")
    page.get_by_text("Nothing matches.", exact=True).first.wait_for()
    with person.context.expect_page() as opened:
        page.get_by_role("link", name="New user").click()
    window = opened.value
    window.wait_for_selector("html[data-connected]", state="attached")
    assert window.get_by_label("User name", exact=True).input_value() == "ada"
    window.get_by_label("Email", exact=True).fill("ada@example.com")
    with window.expect_event("close"):
        window.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_function("box => box.value === 'ada'", arg=box.element_handle())
    assert page.get_by_label("Title", exact=True).input_value() == "Half written"
    person.follow(person.button("Save"))
    written = session.scalars(sa.select(Article)).one()
    assert written.user_id == session.scalars(sa.select(User.id)).one()


def test_keys_step_through_the_list_one_came_from(member: Member, session: Session) -> None:
    articles = make_articles(session, 3)
    person = member()
    back = quote("/admin/article/?sort=title")
    person.visit(f"/admin/article/edit/?id={articles[0].id}&url={back}")
    title = person.page.get_by_label("Title", exact=True)
    title.press("End")
    title.press_sequentially(" jk")
    assert title.input_value() == "Article 1 jk"
    title.fill("Article 1")
    person.page.get_by_role("heading", level=1).click()
    for key, number in (("j", 2), ("]", 3), ("k", 2), ("[", 1)):
        person.follow(lambda key=key: person.page.keyboard.press(key))
        assert title.input_value() == f"Article {number}"
    person.page.keyboard.press("k")
    assert person.page.locator(".steps [aria-disabled]").text_content().strip() == "Previous record"
    person.page.keyboard.press("?")
    person.page.locator("#shortcuts").get_by_text("Next record").wait_for()


def test_the_link_of_a_record_is_copied(member: Member, session: Session, address: str) -> None:
    article = make_articles(session, 1)[0]
    person = member()
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.visit(f"/admin/article/details/?id={article.id}&url=/admin/article/")
    person.page.locator(".record-menu summary").click()
    person.page.get_by_role("link", name="Copy link").click()
    person.page.get_by_text("The link was copied.").wait_for()
    link = f"{address}/admin/article/details/?id={article.id}"
    assert person.page.evaluate("navigator.clipboard.readText()") == link
    person.page.get_by_role("button", name="Dismiss").click()
    person.page.get_by_text("The link was copied.").wait_for(state="detached")


def test_a_copy_is_made_and_changed(member: Member, library: Library, session: Session) -> None:
    person = member()
    person.visit(f"/admin/article/details/?id={library.tomatoes.id}")
    person.page.locator(".record-menu summary").click()
    person.follow(person.link("Duplicate…"))
    person.page.get_by_label("Title", exact=True).fill("番茄育苗笔记（二）")
    person.follow(person.button("Save"))
    copy = session.scalars(sa.select(Article).where(Article.title == "番茄育苗笔记（二）")).one()
    assert (copy.content.splitlines(), copy.user_id) == (["一", "", "二"], library.ada.id)
