"""Saved views that several people change at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.errors import BadInput, Conflict
from backoffice.extensions import db
from backoffice.models import Role, SavedView
from backoffice.records import saved_views
from backoffice.records.auditing import NOTED
from backoffice.records.saved_views import Person
from tests.factories import make_staff
from tests.records.saved_views import Somebody, keep, names, role_id, temporary_role


@pytest.mark.parametrize("making", [True, False])
def test_a_role_that_goes_meanwhile_is_told_as_such(
    session: Session, somebody: Somebody, monkeypatch: pytest.MonkeyPatch, making: bool
):
    manager = somebody("admin", manages=True)
    role = temporary_role(session, "temporary")
    view = keep(session, manager, "Mine")
    hold = saved_views._alone

    def go(*asked: Any) -> None:
        session.rollback()
        with Session(session.get_bind(), info=NOTED) as other:
            other.execute(sa.delete(Role).where(Role.id == role))
            other.commit()
        hold(*asked)

    monkeypatch.setattr(saved_views, "_alone", go)
    act = {
        True: lambda: saved_views.create(session, manager, "article", "Theirs", {}, role),
        False: lambda: saved_views.change(session, manager, view, "1", role_id=role),
    }[making]
    with pytest.raises(BadInput, match="There is no such role"):
        act()


def test_a_name_that_is_taken_meanwhile_is_told_as_such(
    session: Session, somebody: Somebody, monkeypatch: pytest.MonkeyPatch
):
    ada = somebody()
    keep(session, ada, "Mine")
    monkeypatch.setattr(saved_views, "free_name", lambda name, *_others, **_own: name)
    with pytest.raises(Conflict, match="You already have a view called “Mine” here"):
        keep(session, ada, "Mine")


def test_a_stale_change_is_refused_and_names_the_view(session: Session, somebody: Somebody):
    ada = somebody()
    view = keep(session, ada, "Mine")
    saved_views.change(session, ada, view, "1", name="Still mine")
    for act in (
        lambda: saved_views.change(session, ada, view, "1", name="Old"),
        lambda: saved_views.delete(session, view, "1"),
    ):
        with pytest.raises(Conflict, match="Still mine"):
            act()
    assert names(session, ada) == ["Still mine"]


def test_a_change_that_comes_between_is_refused_too(session: Session, somebody: Somebody):
    ada = somebody()
    view = keep(session, ada, "Mine")
    with Session(session.get_bind(), info=NOTED) as other:
        colleague = other.get_one(SavedView, view.id)
        assert view.version == 1
        colleague.name = "Theirs"
        other.commit()
    with pytest.raises(Conflict):
        saved_views.change(session, ada, view, "1", arguments={"search": "x"})
    assert names(session, ada) == ["Theirs"]


def test_of_several_at_once_one_opens_first_and_each_has_its_place(app: Flask, session: Session):
    editors = role_id(session, "editor")
    people = [Person(make_staff(session, "editor").id, (editors,), may_share=True, manages=True) for _ in range(4)]
    ready = Barrier(len(people))

    def share(person: Person) -> None:
        with app.test_request_context(), Session(db.engine, info=NOTED) as own:
            own.scalar(sa.select(sa.func.count()).select_from(SavedView))  # as a page has read before
            ready.wait(20)
            saved_views.create(own, person, "article", f"View {person.id}", {"search": "x"}, editors, is_default=True)

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(share, people))
    session.expire_all()
    kept = session.scalars(sa.select(SavedView)).all()
    assert sorted(view.position for view in kept) == [0, 1, 2, 3]
    assert sum(view.is_default for view in kept) == 1
