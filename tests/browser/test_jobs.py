"""Thousands of rows at once, in Chromium: filter, select all that match, dialog, progress, reload, done, undo."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.admin.working import working_beside
from backoffice.models import Article
from tests.browser.person import Person
from tests.factories import make_article

ROWS, OTHERS = 1200, 30
FILTERED = "/admin/article/?where=" + quote(json.dumps({"all": [["title", "starts_with", "Draft"]]}))


@pytest.fixture
def drafts(site: Flask, session: Session) -> None:
    """Many that match, and some that do not. After the site is made, which empties the tables."""
    session.execute(
        sa.insert(Article),
        [{"title": f"Draft {n}", "content": ""} for n in range(ROWS)]
        + [{"title": f"Finished {n}", "content": ""} for n in range(OTHERS)],
        execution_options={"noted": True},
    )
    session.commit()


@pytest.fixture
def working(site: Flask, drafts: None) -> Iterator[None]:
    """A worker beside the pages, as `make run` has one."""
    with working_beside(site):
        yield


def published(session: Session) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(Article).where(Article.published_at.is_not(None))) or 0


def choose_all(person: Person, action: str) -> None:
    """Tick the page, then all that match, then press the action."""
    person.page.locator("[data-tick-all]").check()
    person.page.get_by_label("All that match: 1,200").check()
    person.follow(person.button(action))


def end(person: Person) -> None:
    """Wait on the job's page until it says that it has ended."""
    person.page.locator(".job-card .badge-success").wait_for()


@pytest.mark.usefixtures("working")
def test_all_that_match_are_published_watched_and_undone(member: Callable[..., Person], session: Session):
    editor = member("editor")
    editor.visit(FILTERED)
    choose_all(editor, "Publish")
    assert editor.page.get_by_role("heading", name="Publish: 1,200 records").is_visible()
    assert editor.page.locator(".bulk-samples ins").count() == 10
    editor.page.get_by_label("Type “1200” to confirm").fill("1,200")
    editor.follow(editor.button("Publish: 1,200 records"))
    assert "/admin/job/details/" in editor.page.url
    end(editor)
    assert editor.page.locator("[data-count-of=changed] dd").inner_text() == "1,200"
    editor.page.reload()
    editor.settle()
    assert editor.page.locator("[data-count-of=changed] dd").inner_text() == "1,200"
    assert published(session) == ROWS
    editor.follow(editor.button("Undo"))
    end(editor)
    assert published(session) == 0
    assert editor.page.get_by_role("link", name="Undoes #").is_visible()
    assert not editor.complaints


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("drafts")
def test_who_goes_on_is_told_when_the_job_has_ended(member: Callable[..., Person], site: Flask):
    editor = member("editor")
    editor.visit(FILTERED)
    choose_all(editor, "Withdraw")
    assert editor.page.get_by_text("All of them are so already.").is_visible()
    assert editor.button("Withdraw").count() == 0
    editor.visit(FILTERED)
    choose_all(editor, "Publish")
    editor.page.get_by_label("Type “1200” to confirm").fill("1200")
    editor.follow(editor.button("Publish: 1,200 records"))
    assert editor.page.get_by_text("Waiting").is_visible()
    editor.visit("/admin/")
    editor.page.locator(".job-indicator").wait_for()
    with working_beside(site):
        editor.page.get_by_text("Publish: Articles: Done").wait_for()
    assert editor.page.locator(".job-indicator").is_hidden()


@pytest.mark.sqlite_only
def test_few_are_done_at_once_and_undone_from_the_notice(member: Callable[..., Person], session: Session):
    for n in range(3):
        make_article(session, title=f"Few {n}")
    editor = member("editor")
    editor.visit("/admin/article/")
    editor.page.locator("[data-tick-all]").check()
    editor.follow(editor.button("Publish"))
    assert published(session) == 3
    editor.follow(editor.page.locator(".toast-note").get_by_role("button", name="Undo"))
    assert published(session) == 0


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("drafts")
def test_all_that_match_without_a_script(member: Callable[..., Person], session: Session):
    editor = member("editor", scripts=False)
    editor.visit(FILTERED)
    editor.page.get_by_label("All that match: 1,200").check()
    editor.follow(editor.button("Publish"))
    editor.page.get_by_label("Type “1200” to confirm").fill("1200")
    editor.follow(editor.button("Publish: 1,200 records"))
    # Nobody works: the page says that it waits, and can be cancelled.
    assert editor.page.get_by_text("Waiting").is_visible()
    editor.follow(editor.button("Cancel"))
    assert editor.page.get_by_text("Cancelled").is_visible()
    assert published(session) == 0


@pytest.mark.sqlite_only
def test_a_question_is_loaded_again_read_in_another_language_and_given_up_with_the_ticks_kept(
    member: Callable[..., Person], session: Session
):
    keys = [str(make_article(session, title=f"Few {n}").id) for n in range(3)]
    editor = member("admin")
    editor.visit("/admin/article/?sort=title")
    for key in keys[1:]:
        editor.tick(key)
    editor.follow(editor.button("Delete"))
    assert editor.page.get_by_role("heading", name="Delete: 2 records").is_visible()
    editor.page.reload()
    editor.settle()
    editor.page.locator(".person summary").click()
    editor.follow(editor.button("简体中文"))
    assert editor.page.get_by_role("heading", name="删除：2 条").is_visible()
    editor.follow(editor.page.get_by_role("link", name="取消", exact=True))
    assert editor.page.url.endswith("/admin/article/?sort=title")
    ticked = editor.page.locator("input[name=rowid]:checked")
    assert [box.get_attribute("value") for box in ticked.all()] == keys[1:]
    assert editor.page.locator(".selection[data-open]").is_visible()
    # Coming back some other way is a new beginning.
    editor.visit("/admin/article/?sort=title")
    assert ticked.count() == 0
    assert not editor.complaints
