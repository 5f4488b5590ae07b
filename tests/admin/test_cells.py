"""One cell of a list, edited where it stands: the form's own field, checks, permission and version."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backoffice.admin.record_view import RecordView
from backoffice.database.attributes import attribute
from backoffice.models import Article, User
from tests.factories import NOON, make_article, make_user
from tests.pages import field_value

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def editor(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in("editor")


def send(client: FlaskClient, record: Any, name: str, text: str, version: object = None, **more: str) -> TestResponse:
    model = type(record).__tablename__
    data = {"version": str(record.version if version is None else version), name: text, **more}
    query = {"id": str(record.id), "name": name}
    return client.post(f"/admin/{model}/ajax/update/", query_string=query, data=data, headers=FETCH)


def form_of(client: FlaskClient, record: Any, name: str, **more: str) -> TestResponse:
    query = {"id": str(record.id), "name": name, **more}
    return client.get(f"/admin/{type(record).__tablename__}/cell/", query_string=query, headers=FETCH)


def view_of(client: FlaskClient, endpoint: str) -> RecordView:
    return next(v for v in client.application.extensions["admin"][0]._views if v.endpoint == endpoint)


def test_the_list_tells_which_columns_can_be_edited_and_what_version_it_shows(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    article = make_article(session)
    page = sign_in("editor").get("/admin/article/").text
    assert re.findall(r'data-name="(\w+)"[^>]* data-editable', page) == ["title", "user", "published_at"]
    assert f'<tr data-pk="{article.id}" data-version="1">' in page
    assert 'data-url="/admin/article/cell/"' in page
    seen = sign_in("viewer").get("/admin/article/").text
    assert not {"data-editable", "data-version", "/cell/"} & set(re.findall(r"data-editable|data-version|/cell/", seen))


def test_the_form_of_a_cell_is_the_field_of_the_form(editor: FlaskClient, session: Session) -> None:
    article = make_article(session, title='Q "1" <b>')
    form = form_of(editor, article, "title").text
    assert field_value(form, "title") == 'Q "1" <b>'
    assert field_value(form, "version") == "1"
    assert 'name="content"' not in form
    assert "<html" not in form


def test_a_saved_cell_comes_back_as_the_list_shows_it(editor: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Old")
    answer = send(editor, article, "title", "New & <b>better</b>", columns="title,published,published_at")
    assert answer.status_code == 200
    assert answer.json["version"] == "2"
    assert "New &amp; &lt;b&gt;better&lt;/b&gt;" in answer.json["html"]
    assert f'href="/admin/article/details/?id={article.id}"' in answer.json["html"], "it still leads to the record"
    assert set(answer.json["cells"]) == {"title", "published", "published_at"}
    session.expire_all()
    assert (article.title, article.version) == ("New & <b>better</b>", 2)


def test_cells_that_follow_from_the_changed_one_come_along(editor: FlaskClient, session: Session) -> None:
    article = make_article(session)
    answer = send(editor, article, "published_at", "2026-01-15T12:00:00", columns="published,published_at")
    assert ">Yes<" in answer.json["cells"]["published"]
    session.expire_all()
    assert article.published_at == NOON


def test_a_relation_takes_a_key_or_a_name_and_can_be_emptied(editor: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    article = make_article(session)
    assert send(editor, article, "user", str(ada.id)).status_code == 200
    session.expire_all()
    assert article.user_id == ada.id
    assert 'data-label="ada"' in form_of(editor, article, "user").text
    assert send(editor, article, "user", "").status_code == 200
    session.expire_all()
    assert article.user_id is None
    refused = send(editor, article, "user", "nobody")
    assert refused.status_code == 422
    assert "“nobody” was found" in refused.json["error"]


@pytest.mark.parametrize(("text", "sentence"), [("", "required"), ("x" * 201, "200")])
def test_what_the_form_refuses_a_cell_refuses(editor: FlaskClient, session: Session, text: str, sentence: str) -> None:
    article = make_article(session, title="Old")
    answer = send(editor, article, "title", text)
    assert answer.status_code == 422
    assert sentence in answer.json["error"]
    session.expire_all()
    assert (article.title, article.version) == ("Old", 1)


def test_a_value_that_another_record_has_is_told_beside_the_cell(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(session, username="ada")
    grace = make_user(session, username="grace")
    editable(monkeypatch, view_of(admin, "user"), "username")
    answer = send(admin, grace, "username", "ada")
    assert (answer.status_code, answer.json["error"]) == (
        422, "Another record already has this value. Choose a different one.",
    )  # fmt: skip


def test_only_the_cell_is_changed_whatever_else_is_sent(editor: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Old", content="kept")
    assert send(editor, article, "title", "New", content="lost", user="1", id="99").status_code == 200
    session.expire_all()
    assert (article.title, article.content, article.user_id) == ("New", "kept", None)


def test_a_colleagues_change_is_never_overwritten_unseen(editor: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Shown")
    article.title = "Theirs"
    session.commit()
    answer = send(editor, article, "title", "Mine", version=1, columns="title")
    assert answer.status_code == 409
    assert "Somebody else changed" in answer.json["error"]
    assert "Theirs" in answer.json["theirs"]
    assert answer.json["version"] == "2"
    session.expire_all()
    assert article.title == "Theirs"
    assert send(editor, article, "title", "Mine", version=answer.json["version"]).status_code == 200
    session.expire_all()
    assert article.title == "Mine"


def test_the_version_that_counts_is_that_of_the_row_as_it_was_shown(editor: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Shown")
    article.title = "Theirs"
    session.commit()
    form = form_of(editor, article, "title", version="1").text
    assert field_value(form, "version") == "1"
    assert "Theirs" in form.split("data-theirs")[1]
    assert send(editor, article, "title", "Mine", version="").status_code == 409


def test_a_model_without_a_version_is_compared_with_what_its_row_showed(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, view = make_user(session, name="Shown"), view_of(admin, "user")
    # As if the table had none: the class is the same for all tests.
    monkeypatch.setattr("backoffice.admin.cells.version_attribute", lambda _model: None)
    page = admin.get("/admin/user/").text
    shown = re.search(r'data-version="([^"]+)"', page)
    assert shown
    assert shown[1] != "1"
    assert send(admin, user, "name", "Mine", version=shown[1]).status_code == 200
    assert send(admin, user, "name", "Again", version=shown[1]).status_code == 409
    assert set(view._hashed()) == {"name", "address"}


def test_a_record_that_is_gone_is_told_as_such(editor: FlaskClient, session: Session) -> None:
    article = make_article(session)
    key = article.id
    session.delete(article)
    session.commit()
    answer = editor.post(f"/admin/article/ajax/update/?id={key}&name=title", data={"title": "x"}, headers=FETCH)
    assert answer.status_code == 404
    assert str(key) in answer.json["error"]


@pytest.mark.parametrize("name", ["content", "id", "created_at", "version", "nothing", "", "users"])
def test_a_column_that_is_not_declared_editable_is_not_there(editor: FlaskClient, session: Session, name: str) -> None:
    article = make_article(session)
    assert form_of(editor, article, name).status_code == 404
    assert send(editor, article, name, "x").status_code == 404


def test_a_declared_column_that_the_form_lacks_is_not_there(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user(session)
    editable(monkeypatch, view_of(admin, "user"), "created_at", "password", "name")
    assert view_of(admin, "user").cell_names == ("name",)
    assert send(admin, user, "password", "new password").status_code == 404


def test_who_may_not_edit_may_not_edit_a_cell(
    sign_in: Callable[..., FlaskClient], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = make_article(session, title="Old")
    viewer, editor = sign_in("viewer"), sign_in("editor")
    assert form_of(viewer, article, "title").status_code == 403
    assert send(viewer, article, "title", "New").status_code == 403
    monkeypatch.setattr(view_of(editor, "article"), "can_edit", False)
    assert send(editor, article, "title", "New").status_code == 403
    assert "data-editable" not in editor.get("/admin/article/").text
    session.expire_all()
    assert article.title == "Old"


def test_a_record_out_of_scope_is_not_there(
    editor: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = make_article(session, title="Mine"), make_article(session, title="Other")
    view = view_of(editor, "article")
    scope = view.get_query().where(attribute(Article, "title").expression != "Other")
    monkeypatch.setattr(view, "get_query", lambda: scope)
    assert send(editor, other, "title", "x").status_code == 404
    left = send(editor, mine, "title", "Other")
    assert (left.status_code, left.json["gone"]) == (200, True)


def test_the_hooks_of_the_form_run_for_a_cell(
    editor: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = make_article(session)
    told: list[tuple[str, str, bool]] = []
    view = view_of(editor, "article")
    monkeypatch.setattr(view, "on_model_change", lambda _form, record, new: told.append(("on", record.title, new)))
    monkeypatch.setattr(view, "after_model_change", lambda _form, record, _new: told.append(("after", record.title)))
    assert send(editor, article, "title", "New").status_code == 200
    assert told == [("on", "New", False), ("after", "New")]


def test_a_session_that_ended_is_told_to_the_script(app: Any, session: Session) -> None:
    article = make_article(session)
    answer = send(app.test_client(), article, "title", "New")
    assert answer.status_code == 401
    assert "Sign in again" in answer.json["error"]


def test_a_list_costs_no_statement_more_for_its_editable_cells(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch, count_statements: Callable[[], Any]
) -> None:
    for _ in range(3):
        make_article(session, user=make_user(session))
    view = view_of(admin, "article")

    def ask() -> int:
        with count_statements() as statements:
            admin.get("/admin/article/?columns=id,title")
        return len(statements)

    with_cells = ask()
    editable(monkeypatch, view)
    assert ask() == with_cells


def editable(monkeypatch: pytest.MonkeyPatch, view: RecordView, *names: str) -> None:
    """Declare other columns for the rest of the test."""
    monkeypatch.setattr(view, "column_editable_list", names)
    monkeypatch.setitem(view.__dict__, "cell_names", None)
    del view.__dict__["cell_names"]


@pytest.fixture(autouse=True)
def forget(app: Any) -> Any:
    """What a test declared is worked out anew for the next one."""
    yield
    for view in app.extensions["admin"][0]._views:
        view.__dict__.pop("cell_names", None)


def test_a_user_without_a_name_gets_one_in_the_list(admin: FlaskClient, session: Session) -> None:
    user = make_user(session, name=None)
    assert send(admin, user, "name", "李雷").status_code == 200
    session.expire_all()
    assert session.get_one(User, user.id).name == "李雷"
