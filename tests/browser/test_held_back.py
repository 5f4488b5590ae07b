"""Read-only mode that comes while somebody writes: it is told, nothing typed is lost, and saving comes back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from backoffice.extensions import db
from backoffice.models import Article
from backoffice.operations import notices
from tests.browser.conftest import Library
from tests.browser.person import Person

pytestmark = pytest.mark.sqlite_only

HELD = "The database moves to its new home."


def test_a_save_waits_for_the_end_of_read_only_mode_with_all_that_was_typed(
    member: Callable[..., Person], library: Library, session: Session, site: Flask
):
    editor = member("editor")
    page = editor.page
    page.clock.install()
    editor.visit(f"/admin/article/edit/?id={library.tomatoes.id}")
    page.get_by_label("Content", exact=True).fill("番茄已经发芽。")
    with site.app_context():
        notices.put(db.session(), notices.READ_ONLY, HELD)
        notices.put(db.session(), notices.NOTICE, "Upgrade at six", level="warning")
    save = page.locator("[data-save]")
    save.click()
    expect(page.locator("[data-banner=read-only]")).to_contain_text(HELD)
    expect(page.locator("[data-banner=notice]")).to_contain_text("Upgrade at six")
    expect(page.locator("[data-banner=notice]")).to_have_class(re.compile("banner-warning"))
    expect(page.locator("[data-held-words]")).to_be_visible()
    expect(save).to_be_disabled()
    page.locator("[data-banner=notice] button").click()
    expect(page.locator("[data-banner=notice]")).to_be_hidden()
    with site.app_context():
        notices.clear(db.session(), notices.READ_ONLY)
    page.clock.fast_forward(11_000)
    expect(save).to_be_enabled()
    expect(page.locator("[data-banner=read-only]")).to_be_hidden()
    expect(page.locator("[data-banner=notice]")).to_be_hidden()
    save.click()
    expect(page.get_by_text("was saved.")).to_be_visible()
    session.expire_all()
    assert session.get_one(Article, library.tomatoes.id).content == "番茄已经发芽。"
