"""A member of staff's first morning, in Chromium, on every database."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.browser.conftest import Library
from tests.browser.morning import check_the_database, do_the_morning
from tests.browser.person import Person


def test_an_editor_does_a_mornings_work(
    somebody: Callable[..., Person], one_time_password: str, library: Library, session: Session
):
    do_the_morning(somebody(), one_time_password, library)
    check_the_database(session, library)
