"""What scripts add: keys, a guard for what was typed, notices, pickers; and the language that is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Route, expect
from sqlalchemy.orm import Session

from backoffice.models import Article
from tests.browser.conftest import Library
from tests.browser.person import Person
from tests.factories import make_article, make_user

pytestmark = pytest.mark.sqlite_only


def keys_of(person: Person) -> list[str]:
    """The keys of the rows on the page, in order."""
    return [row.get_attribute("data-pk") or "" for row in person.page.locator("tr[data-pk]").all()]


def test_a_list_is_worked_by_keys(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.visit("/admin/article/")
    first, second = keys_of(editor)[:2]
    press = editor.page.keyboard.press
    for key in "jjkj":
        press(key)
    press("x")
    expect(editor.row(second).locator("input[name=rowid]")).to_be_checked()
    expect(editor.page.get_by_text("1 selected")).to_be_visible()
    press("x")
    press("k")
    editor.follow(lambda: press("e"))
    assert editor.page.url.split("?id=")[1].split("&")[0] == first
    editor.page.go_back()
    editor.settle()
    press("j")
    editor.follow(lambda: press("Enter"))
    assert "/admin/article/details/" in editor.page.url
    editor.visit("/admin/article/")
    press("/")
    editor.page.keyboard.type("jxk番茄")
    expect(editor.page.get_by_role("searchbox").first).to_have_value("jxk番茄")
    press("Escape")
    editor.visit("/admin/article/")
    editor.follow(lambda: press("c"))
    assert "/admin/article/new/" in editor.page.url


def test_the_sheet_of_keys_opens_and_closes(member: Callable[..., Person]):
    viewer = member("viewer")
    sheet = viewer.page.locator("dialog#shortcuts")
    viewer.page.keyboard.press("?")
    expect(sheet).to_be_visible()
    viewer.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_a_question_mark_that_is_typed_is_only_text(member: Callable[..., Person], library: Library):
    viewer = member("viewer")
    viewer.visit("/admin/article/")
    viewer.page.get_by_role("searchbox").first.press_sequentially("why?")
    expect(viewer.page.locator("dialog#shortcuts")).to_be_hidden()


def test_unsaved_changes_are_guarded(member: Callable[..., Person], library: Library, session: Session):
    editor = member("editor")
    asked: list[str] = []
    stay = True

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        if stay:
            dialog.dismiss()
        else:
            dialog.accept()

    editor.page.on("dialog", answer)
    editor.visit(f"/admin/article/edit/?id={library.bridges.id}")
    form = editor.page.url
    editor.link("Users").click()
    editor.page.wait_for_url("**/admin/user/")
    assert asked == [], "nothing was typed, so nothing is asked"
    editor.visit(form.removeprefix(editor.address))
    title = editor.page.get_by_label("Title", exact=True)
    title.press("End")
    title.press_sequentially("!")
    editor.link("Users").click(no_wait_after=True)
    editor.page.wait_for_function("() => true")
    assert (asked, editor.page.url) == (["beforeunload"], form)
    expect(title).to_have_value("Bridges & <b>beams</b>!")
    stay = False
    editor.follow(editor.link("Users"))
    assert asked == ["beforeunload", "beforeunload"]
    session.expire_all()
    assert session.get_one(Article, library.bridges.id).version == 1


def test_saving_is_not_leaving(member: Callable[..., Person], library: Library):
    editor = member("editor")
    editor.page.on("dialog", lambda dialog: editor.complaints.append(dialog.type))
    editor.visit(f"/admin/article/edit/?id={library.bridges.id}")
    editor.page.get_by_label("Title", exact=True).fill("Arches")
    editor.follow(editor.button("Save and continue"))
    expect(editor.page.get_by_text("“Arches” was saved")).to_be_visible()
    assert "/edit/" in editor.page.url


def test_a_picker_can_be_left_and_cleared(member: Callable[..., Person], library: Library, session: Session):
    editor = member("editor")
    editor.visit(f"/admin/article/edit/?id={library.tomatoes.id}")
    box = editor.page.get_by_role("combobox", name="Author")
    expect(box).to_have_value("ada")
    box.fill("nobody at all")
    expect(editor.page.get_by_text("Nothing matches.").first).to_be_visible()
    box.press("Escape")
    expect(box).to_have_value("ada")
    editor.button("Clear the choice").click()
    editor.follow(editor.button("Save"))
    session.expire_all()
    assert session.get_one(Article, library.tomatoes.id).user_id is None


def test_a_picker_that_is_only_looked_at_keeps_its_record(
    member: Callable[..., Person], library: Library, session: Session
):
    """Another of the same name must not take its place: here one among the twenty newest, which are shown first."""
    namesake = make_user(session, username="chosen", name="x", email="chosen@example.com")
    library.tomatoes.user_id = namesake.id
    session.commit()
    for number in range(20):
        make_user(session, username=f"later{number}", email=f"later{number}@example.com")
    editor = member("editor")

    def rename(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        found["results"][3]["label"] = "chosen"
        route.fulfill(response=answer, json=found)

    editor.page.route("**/admin/user/lookup/**", rename)
    editor.visit(f"/admin/article/edit/?id={library.tomatoes.id}")
    editor.page.get_by_role("combobox", name="Author").click()
    expect(editor.page.get_by_role("option", name="chosen")).to_be_visible()
    editor.page.get_by_label("Title", exact=True).click()
    expect(editor.page.locator("input[name=user]")).to_have_value(str(namesake.id))


def test_what_users_write_is_only_text(member: Callable[..., Person], library: Library, session: Session):
    attack = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
    library.ada.name = attack[:70]
    library.bridges.title = attack
    session.commit()
    admin = member("admin")
    admin.page.on("dialog", lambda dialog: admin.complaints.append(dialog.message))
    key = library.bridges.id
    for path in ("", f"details/?id={key}", f"edit/?id={key}", f"delete/?id={key}", f"relation/?id={key}&name=users"):
        admin.visit(f"/admin/article/{path}")
        expect(admin.page.get_by_text(attack).first).to_be_attached()
    admin.visit(f"/admin/article/edit/?id={library.tomatoes.id}")
    admin.page.get_by_role("combobox", name="Author").fill("ada")
    expect(admin.page.get_by_role("option").first).to_be_visible()
    assert admin.page.locator("img[src=x]").count() == 0


def test_the_chosen_language_is_kept(member: Callable[..., Person], library: Library):
    viewer = member("viewer")
    viewer.visit("/admin/article/")
    viewer.page.locator("details.person summary").click()
    viewer.follow(viewer.button("简体中文"))
    expect(viewer.page.locator("html")).to_have_attribute("lang", "zh-Hans-CN")
    assert viewer.page.url.endswith("/admin/article/"), "one stays where one was"
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("文章")
    viewer.page.locator("details.person summary").click()
    viewer.follow(viewer.button("退出登录"))
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("登录")
    viewer.page.reload()
    expect(viewer.page.locator("html")).to_have_attribute("lang", "zh-Hans-CN")


def test_a_chinese_browser_is_met_in_chinese(somebody: Callable[..., Person]):
    person = somebody(locale="zh-CN")
    person.visit("/sign-in")
    expect(person.page.locator("html")).to_have_attribute("lang", "zh-Hans-CN")


def test_the_theme_changes_at_once_and_is_kept(member: Callable[..., Person]):
    viewer = member("viewer")
    background = "getComputedStyle(document.body).backgroundColor"
    light = viewer.page.evaluate(background)
    viewer.page.locator("details.person summary").click()
    with viewer.page.expect_response("**/preferences"):
        viewer.button("Dark").click()
    expect(viewer.page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = viewer.page.evaluate(background)
    assert light != dark
    viewer.visit("/admin/article/")
    assert viewer.page.evaluate(background) == dark


def test_each_word_that_was_searched_for_is_marked(member: Callable[..., Person], library: Library):
    viewer = member("viewer")
    viewer.visit("/admin/article/?search=beams+bridges")
    expect(viewer.page.locator("tr[data-pk]")).to_have_count(1)
    marked = viewer.page.evaluate("[...CSS.highlights.get('found')].map(String).sort()")
    assert marked == ["Bridges", "beams"]


def test_marks_begin_where_words_begin_and_anywhere_in_chinese(member: Callable[..., Person], session: Session):
    make_article(session, title="Crème, ice cream and scream: 三体问题")
    viewer = member("viewer")
    viewer.visit("/admin/article/?search=CREM+体问+crea")
    expect(viewer.page.locator("tr[data-pk]")).to_have_count(1)
    marked = viewer.page.evaluate("[...CSS.highlights.get('found')].map(String).sort()")
    assert marked == ["Crèm", "crea", "体问"]


def test_a_panel_keeps_its_question_when_records_are_detached_and_attached(
    member: Callable[..., Person], library: Library
):
    editor = member("editor")
    key = str(library.tomatoes.id)
    editor.visit(
        f"/admin/user/relation/?id={library.reader.id}&name=collection_articles&page_size=10&page=2&sort=title"
    )
    editor.tick(keys_of(editor)[0])
    editor.follow(editor.button("Detach"))
    expect(editor.page.get_by_text("1 record was detached.")).to_be_visible()
    assert {"page_size=10", "page=2", "sort=title"} <= set(editor.page.url.split("?")[1].split("&"))
    editor.choose("Record to attach", "番茄")
    editor.follow(editor.button("Attach"))
    expect(editor.page.get_by_text("1 record was attached.")).to_be_visible()
    assert {"page_size=10", "page=2", "sort=title"} <= set(editor.page.url.split("?")[1].split("&"))
    assert key not in keys_of(editor), "it stands further down"


def test_the_export_menu_fits_a_narrow_screen(member: Callable[..., Person], library: Library):
    viewer = member("admin", viewport={"width": 375, "height": 700})
    viewer.visit("/admin/article/")
    viewer.page.locator(".export-menu > summary").click()
    box = viewer.page.locator(".export-menu .panel").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
