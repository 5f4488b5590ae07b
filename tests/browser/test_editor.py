"""The Markdown editor: marks by button and key, undo, a preview that follows, the whole window, files, counts."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Route, expect
from sqlalchemy.orm import Session

from backoffice.models import Article, Upload
from tests.browser.person import Person
from tests.factories import make_article

pytestmark = pytest.mark.sqlite_only
# One white pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8//8/AwAI/AL+XJ/PZQAAAABJRU5ErkJggg=="
)
SELECT = "(area, [from, to]) => area.setSelectionRange(from, to)"
INSIDE = "document.activeElement === document.body || document.activeElement.closest('.editor, .toasts') !== null"
DROP = """async (area, [name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const event = EVENT === "paste"
    ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  area.dispatchEvent(event);
}"""


@pytest.fixture
def editor(member: Callable[..., Person]) -> Person:
    """Somebody before the form of a new article, whose text has the focus."""
    person = member("editor")
    person.visit("/admin/article/new/")
    area(person).focus()
    return person


def area(person: Person) -> Locator:
    return person.page.get_by_label("Content", exact=True)


def preview(person: Person) -> Locator:
    return person.page.get_by_role("region", name="Preview")


def write(person: Person, text: str, start: int = 0, end: int = 0) -> None:
    """Put a text there, with a part of it selected."""
    area(person).fill(text)
    area(person).evaluate(SELECT, [start, end])


def give(person: Person, way: str, name: str, content: bytes, media_type: str = "image/png") -> None:
    """Drop or paste a file."""
    sent = [name, media_type, base64.b64encode(content).decode()]
    area(person).evaluate(DROP.replace("EVENT", f'"{way}"'), sent)


MARKS = (
    ("Bold", "one two", (4, 7), "one **two**"),
    ("Bold", "one **two**", (6, 9), "one two"),
    ("Bold", "one two ", (3, 8), "one **two** "),
    ("Italic", "one **two**", (6, 9), "one ***two***"),
    ("Italic", "*one*", (1, 4), "one"),
    ("Heading", "one\ntwo", (5, 5), "one\n## two"),
    ("Heading", "## one", (0, 0), "### one"),
    ("Heading", "### one", (0, 0), "one"),
    ("List", "one\n\ntwo", (0, 8), "- one\n\n- two"),
    ("List", "- one\n- two", (0, 11), "one\ntwo"),
    ("Quotation", "one\ntwo", (0, 4), "> one\ntwo"),
    ("Code", "one two", (4, 7), "one `two`"),
    ("Code", "one\ntwo", (0, 7), "```\none\ntwo\n```\n"),
    ("Link", "one two", (4, 7), "one [two](https://)"),
    ("Link", "https://e.example", (0, 17), "[](https://e.example)"),
)


def test_a_button_marks_what_is_chosen_and_can_be_undone(editor: Person) -> None:
    for mark, before, (start, end), after in MARKS:
        write(editor, before, start, end)
        editor.button(mark).click()
        expect(area(editor)).to_have_value(after)
        expect(area(editor)).to_be_focused()
        editor.page.keyboard.press("Control+z")
        expect(area(editor)).to_have_value(before)
    area(editor).fill("")


def test_keys_mark_and_the_toolbar_is_one_stop(editor: Person) -> None:
    press, write_on = editor.page.keyboard.press, editor.page.keyboard.type
    press("Control+b")
    write_on("b")
    press("End")
    press("Control+i")
    write_on("i")
    press("End")
    press("Control+k")
    write_on("words")
    expect(area(editor)).to_have_value("**b***i*[words](https://)")
    press("Shift+Tab")
    press("Shift+Tab")
    expect(editor.button("Bold")).to_be_focused()
    press("ArrowRight")
    expect(editor.button("Italic")).to_be_focused()
    press("Home")
    press("ArrowLeft")
    expect(editor.button("File…")).to_be_focused()
    press("Tab")
    expect(editor.button("Write in the whole window")).to_be_focused()
    area(editor).fill("")


def test_the_preview_follows_what_is_written(editor: Person) -> None:
    expect(preview(editor)).to_be_visible()
    editor.page.keyboard.type("## 三体\n\n1 < 2")
    expect(preview(editor).get_by_role("heading", name="三体")).to_be_visible()
    expect(editor.page.locator(".editor-words")).to_have_text("Words: 4 · Characters: 12")
    area(editor).fill("\n\n".join(f"Paragraph {n}" for n in range(100)))
    expect(preview(editor).get_by_text("Paragraph 99")).to_be_attached()
    area(editor).evaluate("area => area.scrollTop = area.scrollHeight")
    expect(preview(editor).get_by_text("Paragraph 99")).to_be_in_viewport()
    editor.page.keyboard.press("Control+End")
    editor.page.keyboard.type(" and more")
    expect(preview(editor).get_by_text("Paragraph 99 and more")).to_be_in_viewport()
    area(editor).fill("")


def test_an_answer_that_comes_late_is_dropped(editor: Person) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            return route.continue_()
        held.append(route)
        return None

    editor.page.route("**/preview/", hold_the_first)
    area(editor).fill("first")
    expect(preview(editor)).to_have_attribute("aria-busy", "true")
    area(editor).fill("second")
    expect(preview(editor)).to_have_text("second")
    held[0].abort()
    expect(preview(editor)).to_have_text("second")
    editor.page.unroute("**/preview/")
    area(editor).fill("")


def test_a_session_that_ended_is_told_and_the_text_stays(editor: Person) -> None:
    editor.context.clear_cookies()
    area(editor).fill("all my words")
    expect(editor.page.locator(".editor-status")).to_contain_text("Your session has ended.")
    expect(area(editor)).to_have_value("all my words")
    area(editor).fill("")


def test_the_whole_window_is_entered_and_left_with_the_caret_in_place(editor: Person) -> None:
    write(editor, "one two three", 4, 7)
    editor.page.keyboard.press("F8")
    box = editor.page.locator(".editor").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1280, "height": 900}
    expect(area(editor)).to_be_focused()
    # Tab stays inside: nothing behind the window is reached.
    for _ in range(12):
        editor.page.keyboard.press("Tab")
        assert editor.page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('.editor, .toasts')"
        )
    editor.page.keyboard.press("Escape")
    expect(editor.page.locator(".editor[data-full]")).to_have_count(0)
    expect(area(editor)).to_be_focused()
    assert area(editor).evaluate("area => [area.selectionStart, area.selectionEnd]") == [4, 7]
    editor.page.get_by_label("Title", exact=True).focus()
    expect(editor.page.get_by_label("Title", exact=True)).to_be_focused()
    area(editor).fill("")


def test_the_whole_window_saves_and_goes_on(editor: Person, session: Session) -> None:
    editor.page.get_by_label("Title", exact=True).fill("A title")
    area(editor).fill("words")
    editor.button("Write in the whole window").click()
    editor.follow(editor.page.locator(".editor").get_by_role("button", name="Save and continue"))
    assert "/admin/article/edit/" in editor.page.url
    expect(editor.page.locator(".editor[data-full]")).to_have_count(0)
    assert session.scalar(sa.select(Article.content).where(Article.title == "A title")) == "words"


def test_a_small_screen_shows_one_at_a_time(member: Callable[..., Person], session: Session) -> None:
    editor = member("editor", viewport={"width": 375, "height": 740})
    article = make_article(session, content="**words**")
    editor.visit(f"/admin/article/edit/?id={article.id}")
    expect(preview(editor)).to_be_hidden()
    for full in (False, True):
        if full:
            editor.button("Write in the whole window").click()
        editor.button("Preview").click()
        expect(preview(editor).locator("strong")).to_be_visible()
        expect(area(editor)).to_be_hidden()
        editor.button("Write").click()
        expect(area(editor)).to_be_focused()
        assert editor.page.evaluate("document.documentElement.scrollWidth") <= 375


def test_a_picture_is_dropped_or_pasted(editor: Person, session: Session) -> None:
    for number, way in enumerate(("drop", "paste"), 1):
        area(editor).fill("Look:")
        give(editor, way, "番茄.png", PNG + bytes([number]))
        expect(area(editor)).to_have_value(re.compile("/uploads/"))
        expect(editor.page.get_by_text("番茄.png is in the text.")).to_be_visible()
        name = session.scalars(sa.select(Upload.name).where(Upload.id == number)).one()
        expect(area(editor)).to_have_value(f"Look:\n\n![番茄](/uploads/{name})\n")
        expect(preview(editor).locator(f"img[src$='{name}']")).to_be_visible()
        assert preview(editor).locator("img").evaluate("img => img.naturalWidth") == 1
        area(editor).fill("")


def test_a_file_is_chosen_and_comes_where_the_caret_stood(editor: Person) -> None:
    held: list[Route] = []
    editor.page.route("**/upload/", lambda route: held.append(route))
    write(editor, "See . Bye", 4, 4)
    with editor.page.expect_file_chooser() as chooser:
        editor.button("File…").click()
    chooser.value.set_files({"name": "report.txt", "mimeType": "text/plain", "buffer": b"words"})
    expect(editor.page.get_by_role("progressbar")).to_be_visible()
    editor.page.keyboard.press("Control+Home")
    editor.page.keyboard.type("Hi! ")
    # Saving waits for what is on its way.
    editor.page.keyboard.press("Control+Enter")
    expect(editor.page.get_by_text("still on its way")).to_be_visible()
    held[0].continue_()
    expect(editor.page.get_by_role("progressbar")).to_have_count(0)
    assert area(editor).input_value().startswith("Hi! See [report.txt](/uploads/")
    editor.page.keyboard.type("there ")
    assert area(editor).input_value().startswith("Hi! there See [report.txt](/uploads/")
    area(editor).fill("")


def test_what_is_refused_is_told_and_the_text_stays(editor: Person) -> None:
    area(editor).fill("words")
    for name, content, told in (
        ("evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "are not taken"),
        ("huge.png", b"\0" * (10 * 1024**2 + 1), "larger than 10 MB"),
    ):
        give(editor, "drop", name, content)
        alert = editor.page.locator(".editor-files").get_by_role("alert")
        expect(alert).to_contain_text(told)
        expect(alert).to_contain_text(name)
        editor.button("Dismiss").click()
        expect(alert).to_have_count(0)
    expect(area(editor)).to_have_value("words")
    area(editor).fill("")


def test_an_upload_is_cancelled_and_one_that_fails_is_told(editor: Person) -> None:
    held: list[Any] = []
    editor.page.route("**/upload/", lambda route: held.append(route))
    give(editor, "drop", "one.png", PNG)
    editor.page.locator(".editor-files").get_by_role("button", name="Cancel").click()
    expect(editor.page.get_by_role("progressbar")).to_have_count(0)
    editor.page.unroute("**/upload/")
    editor.page.route("**/upload/", lambda route: route.abort())
    give(editor, "drop", "two.png", PNG)
    expect(editor.page.get_by_text("two.png did not arrive.")).to_be_visible()
    expect(area(editor)).to_have_value("")


def test_without_scripts_it_is_a_plain_text(member: Callable[..., Person], session: Session) -> None:
    editor = member("editor", scripts=False)
    article = make_article(session, content="old")
    editor.visit(f"/admin/article/edit/?id={article.id}")
    expect(editor.page.get_by_role("toolbar")).to_have_count(0)
    area(editor).fill("**new**")
    editor.follow(editor.button("Save"))
    editor.visit(f"/admin/article/details/?id={article.id}")
    expect(editor.page.locator(".prose strong")).to_have_text("new")
    editor.follow(editor.link("Schedule…"))
    editor.page.get_by_label("Day and time").fill("2099-12-31T18:30")
    editor.follow(editor.button("Schedule"))
    expect(editor.page.locator("[data-state=scheduled]")).to_contain_text("Scheduled for")
    editor.follow(editor.button("Publish now"))
    expect(editor.page.locator("[data-state=published]")).to_be_visible()
    editor.follow(editor.button("Withdraw"))
    expect(editor.page.locator("[data-state=draft]")).to_be_visible()
