"""Presence: seen for a minute, by others alone, whatever comes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.database.slots import slot
from backoffice.extensions import db
from backoffice.models import Presence, utcnow
from backoffice.records import presence
from tests.factories import make_staff

HERE, ELSEWHERE = slot("article", "1"), slot("article", "2")


def test_others_are_shown_once_and_as_editing_if_one_of_their_pages_is(session: Session):
    ada, grace = make_staff(session, email="ada@example.com").id, make_staff(session, email="grace@example.com").id
    presence.beat(session, ada, "page-of-ada", HERE, editing=False)
    assert presence.others(session, ada, HERE) == []
    presence.beat(session, grace, "reading-page", HERE, editing=False)
    assert presence.others(session, ada, HERE) == [("grace@example.com", False)]
    presence.beat(session, grace, "editing-page", HERE, editing=True)
    assert presence.others(session, ada, HERE) == [("grace@example.com", True)]
    assert presence.others(session, ada, ELSEWHERE) == []
    # The same page goes on to another record, and the other one is closed.
    presence.beat(session, grace, "editing-page", ELSEWHERE, editing=True)
    presence.leave(session, grace, "reading-page")
    assert presence.others(session, ada, HERE) == []


def test_who_has_not_been_heard_of_for_a_minute_is_not_shown_and_swept(session: Session):
    ada, grace = make_staff(session).id, make_staff(session).id
    for page in ("long-ago", "just-now"):
        presence.beat(session, grace, f"{page}-page", HERE, editing=True)
    old = utcnow() - timedelta(seconds=61)
    session.execute(sa.update(Presence).where(Presence.page == "long-ago-page").values(seen_at=old))
    session.commit()
    presence.sweep(session)
    session.expire_all()
    assert session.scalars(sa.select(Presence.page)).all() == ["just-now-page"]
    session.execute(sa.update(Presence).values(seen_at=old))
    session.commit()
    assert presence.others(session, ada, HERE) == []


def test_beats_of_many_pages_and_of_one_at_once_all_succeed(app: Flask, session: Session):
    people = [make_staff(session).id for _ in range(3)]
    ready = Barrier(6)

    def beat(number: int) -> None:
        with app.app_context():
            engine = db.engine
        ready.wait(20)
        for round_ in range(5):
            with Session(engine) as own:
                # Two threads each for one page.
                presence.beat(own, people[number % 3], f"page-{number % 3}-of-one", HERE, editing=bool(round_ % 2))
                if number == 0:
                    presence.sweep(own)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(beat, range(6)))
    assert session.scalar(sa.select(sa.func.count()).select_from(Presence)) == 3
