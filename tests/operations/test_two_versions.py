"""A deploy runs two versions side by side: a form, a draft, a view or a session of one is the other's as well.

The older version here is one whose users have no address on any page; both work on the same database.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.views.user import UserView
from backoffice.models import Collection, DeletedPart, Draft, Job, SavedView, User
from tests.factories import collect, make_article, make_user
from tests.pages import confirm, field_value, form_of

pytestmark = pytest.mark.sqlite_only

CARRIED = ("version", "shown", "form_id")
KNOWN_TO_BOTH = ("username", "email", "name")


class OlderUserView(UserView):
    """Users before they had an address."""

    column_list = tuple(n for n in UserView.column_list if n != "address")
    column_filters = tuple(n for n in UserView.column_filters if n != "address")
    column_editable_list = ("name",)
    column_export_list = tuple(n for n in UserView.column_export_list if n != "address")
    column_details_list = ("id", "username", "email", "name")
    form_columns = tuple(n for n in UserView.form_columns if n != "address")


@pytest.fixture
def older_app(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The older version, on the database of the newer one and with its secrets."""
    with monkeypatch.context() as patch:
        patch.setattr("backoffice.admin.views.UserView", OlderUserView)
        return make_app()


@pytest.fixture
def newer(older_app: Flask, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """A browser that a proxy leads to the newer version."""
    return sign_in("admin")


@pytest.fixture
def older(newer: FlaskClient, older_app: Flask) -> FlaskClient:
    """The same browser, led to the older version: nothing but its cookie goes along."""
    browser, cookie = older_app.test_client(), newer.get_cookie("session")
    assert cookie is not None
    browser.set_cookie("session", cookie.value)
    return browser


def edit_url(user: User) -> str:
    return f"/admin/user/edit/?id={user.id}"


def test_a_session_of_one_version_is_one_of_the_other_and_survives_a_restart(
    newer: FlaskClient, older: FlaskClient, make_app: Callable[..., Flask]
) -> None:
    assert older.get("/admin/user/").status_code == 200
    restarted, cookie = make_app().test_client(), older.get_cookie("session")
    assert cookie is not None
    restarted.set_cookie("session", cookie.value)
    assert restarted.get("/admin/user/").status_code == 200
    # Signing out ends it everywhere, whichever version is asked.
    older.post("/sign-out")
    assert [browser.get("/admin/user/").status_code for browser in (restarted, newer)] == [302, 302]


def test_a_token_of_one_version_s_form_is_good_for_the_other(
    make_app: Callable[..., Flask], sign_in: Callable[..., FlaskClient], older_app: Flask, session: Session
) -> None:
    checking = {"WTF_CSRF_ENABLED": True}
    first, second = make_app(extra=checking), make_app(extra=checking)
    signed_in = sign_in("admin")
    browsers = []
    for app in (first, second):
        browser, cookie = app.test_client(), signed_in.get_cookie("session")
        assert cookie is not None
        browser.set_cookie("session", cookie.value)
        browsers.append(browser)
    user = make_user(session, name="Ada")
    page = browsers[0].get(edit_url(user)).text
    # A token is bound to the session, so the browser takes along what the first answer has put there.
    cookie = browsers[0].get_cookie("session")
    assert cookie is not None
    browsers[1].set_cookie("session", cookie.value)
    form = form_of(page, *KNOWN_TO_BOTH, *CARRIED, "csrf_token")
    assert browsers[1].post(edit_url(user), data={**form, "name": "Grace"}).status_code == 302


def test_an_older_form_leaves_the_newer_column_as_it_is_and_says_nothing_of_it(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    user = make_user(session, name="Ada", address="12 St James's Square")
    form = form_of(older.get(edit_url(user)).text, *KNOWN_TO_BOTH, *CARRIED)
    saved = newer.post(edit_url(user), data={**form, "name": "Ada Lovelace"}, follow_redirects=True)
    assert saved.status_code == 200
    assert "meanwhile" not in saved.text
    session.expire_all()
    assert (user.name, user.address, user.version) == ("Ada Lovelace", "12 St James's Square", 2)


def test_an_older_form_that_changes_nothing_saves_nothing(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    user = make_user(session, name="Ada", address="12 St James's Square")
    form = form_of(older.get(edit_url(user)).text, *KNOWN_TO_BOTH, *CARRIED)
    saved = newer.post(edit_url(user), data=form, follow_redirects=True)
    assert "Nothing was changed" in saved.text
    session.expire_all()
    assert (user.address, user.version) == ("12 St James's Square", 1)


def test_an_older_form_merges_with_a_colleague_s_change_of_the_newer_column(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    user = make_user(session, name="Ada", address="London")
    form = form_of(older.get(edit_url(user)).text, *KNOWN_TO_BOTH, *CARRIED)
    theirs = form_of(newer.get(edit_url(user)).text, *KNOWN_TO_BOTH, "address", *CARRIED)
    assert newer.post(edit_url(user), data={**theirs, "address": "Turin"}).status_code == 302
    assert newer.post(edit_url(user), data={**form, "name": "Ada Lovelace"}).status_code == 302
    session.expire_all()
    assert (user.name, user.address) == ("Ada Lovelace", "Turin")


def test_an_older_form_of_a_new_record_takes_the_newer_column_s_default(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    form = {"form_id": field_value(older.get("/admin/user/new/").text, "form_id")}
    answer = newer.post("/admin/user/new/", data={**form, "username": "ada", "email": "ada@example.org", "name": ""})
    assert answer.status_code == 302, answer.text
    assert session.scalars(sa.select(User)).one().address is None


def test_a_newer_form_is_saved_by_the_older_version_without_what_that_does_not_know(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    user = make_user(session, name="Ada", address="London")
    form = form_of(newer.get(edit_url(user)).text, *KNOWN_TO_BOTH, "address", *CARRIED)
    answer = older.post(edit_url(user), data={**form, "name": "Ada Lovelace", "address": "Turin"})
    assert answer.status_code == 302, answer.text
    session.expire_all()
    assert (user.name, user.address, user.version) == ("Ada Lovelace", "London", 2)
    new = {"form_id": field_value(newer.get("/admin/user/new/").text, "form_id")}
    more = {**new, "username": "grace", "email": "grace@example.org", "address": "New York"}
    assert older.post("/admin/user/new/", data=more).status_code == 302
    assert session.scalars(sa.select(User.address).where(User.username == "grace")).one() is None


def test_a_cell_that_the_older_version_does_not_edit_is_refused_in_a_sentence_and_left(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    user = make_user(session, address="London")
    url = f"/admin/user/ajax/update/?id={user.id}&name=address"
    sent = {"address": "Turin", "version": "1"}
    refused = older.post(url, data=sent, headers={"X-Requested-With": "fetch"})
    assert (refused.status_code, refused.json is not None and "cannot be edited" in refused.json["error"]) == (
        404,
        True,
    )
    assert newer.post(url, data=sent, headers={"X-Requested-With": "fetch"}).status_code == 200
    session.expire_all()
    assert user.address == "Turin"


def test_a_draft_keeps_what_was_typed_into_a_field_that_the_older_version_does_not_know(
    newer: FlaskClient, older: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UserView, "keeps_drafts", True)
    user = make_user(session)

    def keep(browser: FlaskClient, **fields: str) -> Any:
        draft = {"copy": "tab-of-ada", "fields": {name: [text] for name, text in fields.items()}}
        return browser.post("/admin/user/draft/keep/", data={"id": str(user.id), "draft": json.dumps(draft)})

    assert keep(newer, name="Ada", address="Turin").status_code == 200
    assert keep(older, name="Ada Lovelace").status_code == 200
    assert session.scalars(sa.select(Draft)).one().fields == {"name": ["Ada Lovelace"], "address": ["Turin"]}
    assert older.get(f"/admin/user/draft/?id={user.id}").status_code == 200
    assert keep(newer, name="Ada Lovelace").status_code == 200
    session.expire_all()
    assert session.scalars(sa.select(Draft)).one().fields == {"name": ["Ada Lovelace"]}


def test_a_view_with_a_column_and_a_filter_that_the_older_version_does_not_know_answers_with_a_notice(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    make_user(session, address="London")
    for name, state in (("Addresses", {"columns": "username,address", "sort": "-address"}),
                        ("Londoners", {"where": '{"all":[["address","equals","London"]]}'})):  # fmt: skip
        assert newer.post("/admin/user/views/new/", data={"name": name, **state}).status_code == 302
    looks, narrows = session.scalars(sa.select(SavedView.id).order_by(SavedView.id))
    shown = older.get(f"/admin/user/?view={looks}")
    assert shown.status_code == 200
    assert "left out" in shown.text
    refused = older.get(f"/admin/user/?view={narrows}")
    assert "This view cannot be shown" in refused.text
    assert refused.status_code in (200, 400, 404)
    assert newer.get(f"/admin/user/?view={narrows}").status_code == 200


def test_the_history_of_a_newer_column_does_not_stop_the_older_version(
    newer: FlaskClient, older: FlaskClient, session: Session
) -> None:
    user = make_user(session, name="Ada", address="London")
    form = form_of(newer.get(edit_url(user)).text, *KNOWN_TO_BOTH, "address", *CARRIED)
    newer.post(edit_url(user), data={**form, "name": "Ada Lovelace", "address": "Turin"})
    session.execute(sa.text("UPDATE audit_entry SET changes = :changes WHERE action = 'update'"), {
        "changes": json.dumps({"name": ["Ada", "Ada Lovelace"], "shoe_size": ["36", "37"]})})  # fmt: skip
    session.commit()
    for browser in (older, newer):
        page = browser.get(f"/admin/user/history/?id={user.id}")
        assert (page.status_code, "shoe_size" in page.text) == (200, False)
        assert browser.get("/admin/activity/").status_code == 200
    entry = field_value(page.text, "entry")
    taken_back = older.post(f"/admin/user/revert/?id={user.id}", data={"entry": entry, "form_id": "a" * 32})
    assert taken_back.status_code == 302, taken_back.text
    session.expire_all()
    assert (user.name, user.address) == ("Ada", "Turin")


@pytest.mark.parametrize("differs", ["a column more", "a column less"])
def test_what_one_version_deleted_the_other_restores_with_all_that_it_knows(
    newer: FlaskClient, session: Session, differs: str
) -> None:
    user = make_user(session, username="ada", address="London")
    collect(session, user, make_article(session, user=make_user(session)))
    confirm(newer, f"/admin/user/delete/?id={user.id}")
    for part in session.scalars(sa.select(DeletedPart)):
        if differs == "a column more":
            part.columns, part.rows = [*part.columns, "shoe_size"], [[*row, "37"] for row in part.rows]
        else:
            kept = [at for at, name in enumerate(part.columns) if name not in ("address", "note")]
            part.columns = [part.columns[at] for at in kept]
            part.rows = [[row[at] for at in kept] for row in part.rows]
    session.commit()
    question = newer.get("/admin/deleted/").text
    assert "ada" in question
    answer = confirm(newer, "/admin/deleted/restore/?id=1")
    assert answer.status_code == 302, answer.text
    back = session.scalars(sa.select(User).where(User.username == "ada")).one()
    assert back.address == ("London" if differs == "a column more" else None)
    assert session.scalar(sa.select(sa.func.count()).select_from(Collection)) == 1


def test_what_lacks_a_value_that_the_other_version_demands_is_refused_in_a_sentence(
    newer: FlaskClient, session: Session
) -> None:
    user = make_user(session, username="ada")
    confirm(newer, f"/admin/user/delete/?id={user.id}")
    [part] = session.scalars(sa.select(DeletedPart))
    at = part.columns.index("email")
    part.columns = [*part.columns[:at], *part.columns[at + 1 :]]
    part.rows = [[*row[:at], *row[at + 1 :]] for row in part.rows]
    session.commit()
    answer = confirm(newer, "/admin/deleted/restore/?id=1")
    assert (answer.status_code, "does not fit its tables" in answer.text) == (409, True)


def test_what_belongs_to_a_table_of_the_newer_version_comes_back_where_that_is_known(
    newer: FlaskClient, session: Session
) -> None:
    user = make_user(session, username="ada")
    confirm(newer, f"/admin/user/delete/?id={user.id}")
    part = session.scalars(sa.select(DeletedPart)).first()
    assert part is not None
    session.add(DeletedPart(record_id=part.record_id, number=part.number + 1, kind="row", table_name="shoe",
                            columns=["id", "user_id"], rows=[["1", str(user.id)]]))  # fmt: skip
    session.commit()
    page = newer.get(f"/admin/deleted/restore/?id={part.record_id}")
    assert page.status_code == 200
    assert "newer version" in page.text
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_a_job_of_a_kind_state_or_view_that_only_the_newer_version_knows_is_shown(
    newer: FlaskClient, session: Session
) -> None:
    session.add(Job(kind="tidy", endpoint="shoe", action="lace", state="dreaming", staff_id=1, person="ada", length=3))
    session.commit()
    for path in ("/admin/job/", "/admin/job/details/?id=1", "/admin/job/progress/?id=1", "/admin/job/mine/?since=1"):
        assert newer.get(path).status_code == 200, path
