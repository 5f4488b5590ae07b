"""Saved views: who may share, change and delete them, and what is told when it does not do."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import SavedView
from tests.admin.saved_views.shared import ARTICLES, keep, menu, page_of, role_id, tabs, ways
from tests.factories import make_article


def test_only_owner_and_managers_change_a_shared_view(
    ada: FlaskClient, grace: FlaskClient, sign_in: Callable[..., FlaskClient], session: Session
):
    make_article(session)
    view = keep(ada, "Ours", search="a", role_id=role_id(session, "editor"))
    assert tabs(page_of(grace, f"{ARTICLES}?view={view}")) == ["All", "[Ours]"]
    assert ways(page_of(grace, f"{ARTICLES}?search=b&based={view}")) == {"Save as new…", "Discard changes"}
    for path in ("edit", "change", "delete"):
        data = {"id": view, "version": "1", "name": "Stolen", "change": "save"}
        assert grace.post(f"{ARTICLES}views/{path}/", data=data).status_code == 403
    admin = sign_in("admin")
    answer = admin.post(f"{ARTICLES}views/edit/", data={"id": view, "version": "1", "name": "Everybody’s"})
    assert answer.status_code == 302
    session.expire_all()
    kept = session.get_one(SavedView, view)
    assert (kept.name, kept.role_id) == ("Everybody’s", None)
    assert tabs(page_of(ada, ARTICLES)) == ["[All]", "Everybody’s"], "it is its owner’s alone again"


def test_who_takes_a_view_from_a_role_learns_nothing_of_its_owners_own(
    ada: FlaskClient, sign_in: Callable[..., FlaskClient], session: Session
):
    keep(ada, "Ada’s secret", search="a", is_default="1")
    shared = keep(ada, "Ours", search="b", role_id=role_id(session, "editor"), is_default="1")
    admin = sign_in("admin")
    sent = {"id": shared, "version": "1", "name": "ADA’S SECRET"}
    answer = admin.post(f"{ARTICLES}views/edit/", data=sent)
    assert answer.status_code == 409
    assert "This name is taken." in answer.text
    assert "Ada’s secret" not in html.unescape(answer.text)
    answer = admin.post(f"{ARTICLES}views/edit/", data={**sent, "name": "Ours", "is_default": "1"})
    assert answer.status_code == 302
    assert tabs(page_of(ada, ARTICLES)) == ["All", "[Ada’s secret]", "Ours"]


def test_who_may_not_share_keeps_views_for_themselves(sign_in: Callable[..., FlaskClient], session: Session):
    make_article(session)
    viewer = sign_in("viewer")
    assert 'name="role_id"' not in page_of(viewer, f"{ARTICLES}views/new/?search=a")
    answer = viewer.post(f"{ARTICLES}views/new/", data={"name": "x", "role_id": str(role_id(session, "viewer"))})
    assert answer.status_code == 403
    assert "may not share" in answer.text
    keep(viewer, "Mine", search="a")
    assert tabs(page_of(viewer, ARTICLES)) == ["[All]", "Mine"]


def test_a_stale_form_is_told_and_keeps_what_was_typed(ada: FlaskClient, session: Session):
    make_article(session)
    view = keep(ada, "Mine", search="a")
    stale = menu(page_of(ada, f"{ARTICLES}?search=b&based={view}"))
    session.get_one(SavedView, view).name = "Renamed"
    session.commit()
    for path, data in (
        ("change", {**stale, "change": "save"}),
        ("delete", {"id": view, "version": "1"}),
        ("edit", {"id": view, "version": "1", "name": "My new name"}),
    ):
        answer = ada.post(f"{ARTICLES}views/{path}/", data=data)
        assert answer.status_code == 409
        assert "Somebody else changed the view “Renamed” in the meantime" in answer.text
    assert 'value="My new name"' in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)
    assert version
    again = {"id": view, "version": version[1], "name": "My new name"}
    assert ada.post(f"{ARTICLES}views/edit/", data=again).status_code == 302
    assert tabs(page_of(ada, ARTICLES)) == ["[All]", "My new name"]


@pytest.mark.parametrize(("name", "status"), [("", 400), ("x" * 61, 400), ("mine", 409)])
def test_a_name_that_does_not_do_is_told_beside_what_was_asked(
    ada: FlaskClient, session: Session, name: str, status: int
):
    keep(ada, "Mine")
    answer = ada.post(f"{ARTICLES}views/new/", data={"name": name, "search": "三体", "is_default": "1"})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert 'name="search" value="三体"' in answer.text
    assert 'name="is_default" value="1" checked' in answer.text
    assert len(session.scalars(sa.select(SavedView.id)).all()) == 1


def test_a_name_can_be_seen_and_turns_nothing_round(ada: FlaskClient, session: Session):
    for name in ("\u200b", "\u202e\u2066", "\u200d"):
        assert ada.post(f"{ARTICLES}views/new/", data={"name": name, "search": "x"}).status_code == 400
    keep(ada, "\u202eevil\u202c 👩\u200d🚀", search="x")
    assert session.scalars(sa.select(SavedView.name)).one() == "evil 👩\u200d🚀"


def test_what_cannot_be_asked_cannot_be_kept(ada: FlaskClient, session: Session):
    for state in ({"where": "{"}, {"sort": "nothing"}, {"columns": "nothing"}, {"page_size": "3"}):
        assert ada.post(f"{ARTICLES}views/new/", data={"name": "Mine", **state}).status_code == 400
    view = keep(ada, "Mine")
    assert ada.post(f"{ARTICLES}views/change/", data={"id": view, "version": "1", "change": "x"}).status_code == 400
    assert session.scalars(sa.select(SavedView.version)).one() == 1


def test_tabs_are_moved_and_deleting_asks(ada: FlaskClient, session: Session):
    make_article(session)
    first, second = keep(ada, "First", search="a"), keep(ada, "Second", search="b")
    sent = menu(page_of(ada, f"{ARTICLES}?view={second}"))
    answer = ada.post(f"{ARTICLES}views/change/", data={**sent, "change": "earlier"})
    assert tabs(page_of(ada, answer.location)) == ["All", "[Second]", "First"]
    question = page_of(ada, f"{ARTICLES}views/delete/?id={first}")
    assert "Delete the view “First”?" in question
    assert session.get(SavedView, first) is not None
    answer = ada.post(f"{ARTICLES}views/delete/", data={"id": first, "version": "1"})
    assert tabs(page_of(ada, answer.location)) == ["[All]", "Second"]
