"""Drafts on the server: one per person and record, none written over unseen, removed when their time has come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.errors import BadInput, Conflict
from backoffice.extensions import db
from backoffice.models import Draft, utcnow
from backoffice.records import drafts, retention
from backoffice.records.drafts import Typed
from tests.factories import make_staff


def typed(copy: str, text: str = "给岁月以文明", **more: object) -> Typed:
    return Typed(copy, "Title", {"content": [text]}, **more)  # type: ignore[arg-type]


def test_a_draft_is_kept_anew_by_its_own_form_and_by_no_other(app: Flask, session: Session):
    ada, grace = make_staff(session).id, make_staff(session).id
    with app.test_request_context():
        drafts.keep(session, ada, "article", "1", typed("first-tab"))
        drafts.keep(session, ada, "article", "1", typed("first-tab", "later"))
        drafts.keep(session, grace, "article", "1", typed("another-person"))
        with pytest.raises(Conflict, match="Another window"):
            drafts.keep(session, ada, "article", "1", typed("other-tab", "mine"))
        # Taken up, it is the other form's own.
        drafts.keep(session, ada, "article", "1", typed("other-tab", "both"), ["first-tab"])
    kept = drafts.of_record(session, ada, "article", "1")
    assert kept is not None
    assert (kept.copy, kept.fields) == ("other-tab", {"content": ["both"]})
    assert drafts.of_record(session, ada, "article", "2") is None
    assert drafts.of_record(session, ada, "collection", "1") is None


def test_keys_that_differ_in_case_alone_have_drafts_of_their_own(app: Flask, session: Session):
    ada = make_staff(session).id
    with app.test_request_context():
        for key in ("a", "A", "k" * 1000):
            drafts.keep(session, ada, "article", key, typed(f"tab-of-{key[:8]}", key))
        with pytest.raises(BadInput, match="too long"):
            drafts.keep(session, ada, "article", "k" * 1001, typed("tab-of-long"))
    kept = drafts.of_record(session, ada, "article", "A")
    assert kept is not None
    assert kept.fields == {"content": ["A"]}


def test_new_records_have_as_many_drafts_as_forms_and_no_more_than_can_be_looked_through(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
):
    ada = make_staff(session).id
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 3)
    with app.test_request_context():
        for number in range(3):
            drafts.keep(session, ada, "article", "", typed(f"new-form-{number}"))
        with pytest.raises(BadInput, match="You keep 3 drafts already"):
            drafts.keep(session, ada, "article", "", typed("new-form-4"))
        drafts.keep(session, ada, "article", "", typed("new-form-2", "later"))
    assert [d.copy for d in drafts.of_new(session, ada, "article")] == ["new-form-2", "new-form-1", "new-form-0"]
    assert [d.copy for d in drafts.of_new(session, ada, "article", "new-form-1")] == ["new-form-1"]


def test_a_text_that_is_too_long_is_refused_and_a_long_one_kept(app: Flask, session: Session):
    ada = make_staff(session).id
    with app.test_request_context():
        drafts.keep(session, ada, "article", "1", typed("long-text", "文" * 900_000, shown="s" * 90_000))
        with pytest.raises(BadInput, match="too long for a draft"):
            drafts.keep(session, ada, "article", "1", typed("long-text", "x" * 1_000_001))
    session.expire_all()
    kept = drafts.of_record(session, ada, "article", "1")
    assert kept is not None
    assert kept.fields["content"] == ["文" * 900_000]


def test_what_is_saved_discarded_or_old_goes(app: Flask, session: Session):
    ada, grace = make_staff(session).id, make_staff(session).id
    with app.test_request_context():
        for person in (ada, grace):
            for number in range(3):
                drafts.keep(session, person, "article", str(number), typed(f"copy-{number}"))
        drafts.discard(session, ada, "article", ["copy-0", "no-such-copy"])
    assert len(drafts.mine(session, ada)) == 2
    assert len(drafts.mine(session, grace)) == 3
    old = utcnow() - timedelta(days=31)
    session.execute(sa.update(Draft).where(Draft.staff_id == grace, Draft.copy == "copy-1").values(saved_at=old))
    session.commit()
    assert retention.prune(session, {"drafts": 30})["drafts"] == 1
    assert [d.copy for d in drafts.mine(session, grace)] == ["copy-2", "copy-0"]


def test_of_two_windows_at_once_one_keeps_its_draft_and_the_other_is_told(app: Flask, session: Session):
    ada = make_staff(session).id
    ready = Barrier(4)

    def keep(number: int) -> str:
        with app.test_request_context(), Session(db.engine) as own:
            ready.wait(20)
            try:
                drafts.keep(own, ada, "article", "1", typed(f"window-{number}"))
            except Conflict:
                return "told"
            return "kept"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(keep, range(4))) == ["kept", "told", "told", "told"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 1


def test_empty_texts_count_too() -> None:
    with pytest.raises(BadInput, match="too long"):
        Typed("a-tab", "", {"title": [""] * 300_000}).check_size()
