"""axe finds nothing on any page in either theme; the browser complains of nothing; no page is wider than its screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, abort
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from backoffice.access.guard import declare
from backoffice.models import User
from tests.browser.conftest import Library
from tests.browser.person import Person

pytestmark = pytest.mark.sqlite_only

# Those of axe's rules that a theme decides.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
WIDTHS = (320, 375)
Stop = Callable[[Person, Library], None]


def asked(**question: object) -> str:
    """The article list's address with a filter."""
    return f"/admin/article/?where={quote(json.dumps(question))}"


def opening(path: str) -> Stop:
    """A stop on the walk that is only an address; `{article}` and `{reader}` are keys."""

    def visit(person: Person, library: Library) -> None:
        person.visit(path.format(article=library.tomatoes.id, reader=library.reader.id))

    return visit


def after(path: str, act: Callable[[Person], None]) -> Stop:
    """A stop where something is done first."""

    def visit(person: Person, library: Library) -> None:
        opening(path)(person, library)
        act(person)

    return visit


def open_panel(person: Person) -> None:
    person.page.locator(".filter-open").click()
    expect(person.page.locator(".filter-condition")).to_be_visible()


def open_chart_table(person: Person) -> None:
    person.page.locator("summary", has_text="The same as a table").click()
    expect(person.page.locator(".chart-numbers")).to_be_visible()


def open_person_menu(person: Person) -> None:
    person.page.locator("details.person summary").click()


def open_shortcuts(person: Person) -> None:
    person.page.locator("main").focus()
    person.page.keyboard.press("?")
    expect(person.page.locator("dialog[open]")).to_be_visible()


def tick_two(person: Person) -> None:
    for row in (0, 1):
        person.page.locator("tr[data-pk] input[name=rowid]").nth(row).check()


def tick_and_delete(person: Person) -> None:
    tick_two(person)
    person.follow(person.button("Delete"))


def save_nothing(person: Person) -> None:
    person.follow(person.button("Save"))
    expect(person.page.get_by_text("This field is required.").first).to_be_visible()


def open_picker(person: Person) -> None:
    person.page.get_by_role("combobox", name="Author").click()
    expect(person.page.get_by_role("option").first).to_be_visible()


def choose_two(person: Person) -> None:
    for words in ("番茄", "三体"):
        person.choose("Record to attach", words)
    expect(person.page.locator(".chip")).to_have_count(2)


def check_a_list(person: Person) -> None:
    person.page.locator("[name=texts]").fill("三体：读后\nBridges & <b>beams</b>\nArticle 1\nArticle 1\nnobody")
    person.follow(person.button("Check the list"))
    expect(person.page.get_by_label("Not found")).to_be_visible()


def open_record_menu(person: Person) -> None:
    person.page.locator(".record-menu summary").click()


def refuse_passwords(person: Person) -> None:
    person.replace_password("wrong wrong wrong", "short")
    expect(person.page.get_by_text("too short")).to_be_visible()


STOPS: dict[str, Stop] = {
    "home": opening("/admin/"),
    "home, a year": opening("/admin/?days=365"),
    "home, as a table": after("/admin/", open_chart_table),
    "articles": opening("/admin/article/"),
    "articles, filtered": opening(asked(all=[["title", "contains", "e"], ["published", "is", True]])),
    "articles, filter panel": after("/admin/article/", open_panel),
    "articles, ticked": after("/admin/article/", tick_two),
    "articles, nothing matches": opening("/admin/article/?search=nothing-like-this"),
    "articles, last page": opening("/admin/article/?page_size=10&page=5"),
    "articles, a condition more": opening("/admin/article/filter/"),
    "articles, a value to compare with": opening("/admin/article/filter/?column=title&operator=in"),
    "collections": opening("/admin/collection/"),
    "users": opening("/admin/user/"),
    "staff": opening("/admin/staff/"),
    "person's menu": after("/admin/", open_person_menu),
    "shortcuts": after("/admin/article/", open_shortcuts),
    "details": opening("/admin/article/details/?id={article}"),
    "edit": opening("/admin/article/edit/?id={article}"),
    "edit, picker open": after("/admin/article/edit/?id={article}", open_picker),
    "new": opening("/admin/user/new/"),
    "new, with errors": after("/admin/user/new/", save_nothing),
    "relation": opening("/admin/user/relation/?id={reader}&name=collection_articles"),
    "relation, two chosen": after("/admin/user/relation/?id={reader}&name=collection_articles", choose_two),
    "relation, a list": opening("/admin/user/relation/attach-list/?id={reader}&name=collection_articles"),
    "relation, a list is checked": after(
        "/admin/user/relation/attach-list/?id={reader}&name=collection_articles", check_a_list
    ),
    "relation, detach all": opening("/admin/user/relation/detach-all/?id={reader}&name=collection_articles"),
    "details, from a list": after("/admin/article/details/?id={article}&url=/admin/article/", open_record_menu),
    "new, a copy": opening("/admin/user/new/?copy={reader}"),
    "new, handed over": opening("/admin/article/created/?id={article}&into=picker"),
    "relation, empty": opening("/admin/article/relation/?id={article}&name=users"),
    "delete": opening("/admin/user/delete/?id={reader}"),
    "action asks": after("/admin/article/", tick_and_delete),
    "change password": opening("/change-password"),
    "change password, refused": after("/change-password", refuse_passwords),
    "bad request": opening("/admin/article/?sort=nonsense"),
    "not found": opening("/admin/article/details/?id=999999"),
}


def test_axe_finds_nothing_where_one_signs_in(somebody: Callable[..., Person]):
    nobody = somebody()
    nobody.visit("/sign-in")
    check(nobody, "sign-in")
    nobody.sign_in("nobody@example.com", "not the password")
    expect(nobody.page.get_by_text("is not right")).to_be_visible()
    check(nobody, "sign-in, refused")


@pytest.mark.parametrize("stops", [list(STOPS)[:14], list(STOPS)[14:]], ids=["lists", "records"])
def test_axe_finds_nothing_inside(member: Callable[..., Person], library: Library, stops: list[str]):
    admin = member("admin")
    for name in stops:
        STOPS[name](admin, library)
        check(admin, name)


def test_axe_finds_nothing_where_there_is_nothing(member: Callable[..., Person]):
    admin = member("admin")
    for path in ("/admin/", "/admin/article/"):
        admin.visit(path)
        check(admin, f"{path} without records")


def test_axe_finds_nothing_where_one_may_not(member: Callable[..., Person]):
    viewer = member("viewer")
    assert viewer.visit("/admin/staff/") == 403
    check(viewer, "not allowed")


def test_axe_finds_nothing_where_something_failed(site: Flask, member: Callable[..., Person]):
    site.add_url_rule("/fail/<int:code>", "fail", abort)
    declare(site, "fail", "signed-in")
    admin = member("admin")
    for status in (409, 413, 500, 503):
        assert admin.visit(f"/fail/{status}") == status
        check(admin, f"error {status}")


def test_axe_finds_nothing_where_work_is_kept(member: Callable[..., Person], library: Library):
    editor = member("editor")
    path = f"/admin/article/edit/?id={library.tomatoes.id}"
    editor.visit(path)
    editor.page.get_by_label("Content", exact=True).fill("typed and not saved")
    editor.page.locator("[data-draft-status]:not(:empty)").wait_for()
    gone, editor.page = editor.page, editor.context.new_page()
    gone.close(run_before_unload=False)
    editor.visit(path)
    editor.page.locator(".offer").wait_for()
    check(editor, "offer")
    editor.button("Restore").click()
    editor.context.clear_cookies(name="session")
    editor.button("Save").click()
    editor.page.locator("#sign-in-again[open]").wait_for()
    check(editor, "signing in again")


def test_axe_finds_nothing_on_a_conflict(member: Callable[..., Person], library: Library, session: Session):
    admin = member("admin")
    admin.visit(f"/admin/user/edit/?id={library.grace.id}")
    session.get_one(User, library.grace.id).name = "Rear Admiral Hopper"
    session.commit()
    admin.page.get_by_label("Name", exact=True).fill("Amazing Grace")
    admin.follow(admin.button("Save"))
    expect(admin.page.get_by_text("Rear Admiral Hopper").first).to_be_visible()
    expect(admin.page.get_by_label("Name", exact=True)).to_have_value("Amazing Grace")
    check(admin, "conflict")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_a_small_screen(member: Callable[..., Person], library: Library, width: int):
    admin = member("admin", viewport={"width": width, "height": 800})
    # The menu is a drawer there, opened by a button of its own.
    too_wide = [name for name, needed in measured(admin, library) if needed > width]
    assert too_wide == []


def measured(person: Person, library: Library) -> Iterator[tuple[str, int]]:
    """The width each page needs."""
    for name, stop in STOPS.items():
        if name == "person's menu":
            continue
        stop(person, library)
        yield name, person.page.evaluate("document.scrollingElement.scrollWidth")
    person.visit("/admin/")
    person.button("Open the menu").click()
    open_person_menu(person)
    yield "drawer", person.page.evaluate("document.scrollingElement.scrollWidth")


def check(person: Person, name: str) -> None:
    """No violation of any rule, nor in the dark of any about colours, each told with the elements it is about."""
    assert broken(person, name) == [], name
    person.page.emulate_media(color_scheme="dark")
    assert broken(person, name, runOnly=OF_COLOURS) == [], f"{name}, in the dark"
    person.page.emulate_media(color_scheme="light")


def broken(person: Person, name: str, **options: object) -> list[str]:
    """What axe finds."""
    # Colours in the middle of a transition would be measured as they are at that moment.
    person.page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    # axe itself writes inline styles, which the policy refuses.
    person.listening = False
    found = Axe().run(person.page, options={"preload": False, **options}).response
    person.listening = True
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}, f"{name}: axe has not looked"
    return [
        f"{rule['id']}: {node['html'][:150]} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
