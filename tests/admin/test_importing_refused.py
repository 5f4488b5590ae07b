"""What an import refuses: files and mappings that make no sense, people who may not, values that are wrong."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from wtforms import ValidationError

from backoffice.extensions import db
from backoffice.models import Article, Job, Role, User, utcnow
from backoffice.records.importing import kept
from tests.admin.importing import apply, check, csv, mapping_of, rows_of, upload, users
from tests.factories import make_user

Client = FlaskClient


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n", "a.csv", "This is no table."),
        (b"PK\x03\x04 not a zip", "a.xlsx", ""),
        (b"username,username\r\n1,2", "a.csv", "Several columns have the same name"),
        (b"username,email\r\n", "a.csv", "no rows below"),
    ],
)
def test_files_that_cannot_be_read_are_told(
    admin: Client, session: Session, content: bytes, name: str, words: str
) -> None:
    answer = upload(admin, content, name)
    assert answer.status_code in (400, 422)
    assert 'role="alert"' in answer.text
    assert words in unescape(answer.text)
    assert session.scalars(sa.select(Job)).all() == []


@pytest.mark.sqlite_only
def test_no_file_and_a_file_that_is_gone(admin: Client, sign_in: Callable[..., Client], app: Flask) -> None:
    nothing = admin.post("/admin/user/import/", data={})
    assert nothing.status_code == 400, nothing.location
    location = upload(admin, csv("username,email", "a,a@example.com")).location
    # Another person's file, or of another list, is not there.
    assert sign_in("admin", "other@example.com").get(location).status_code == 404
    assert admin.get(location.replace("/user/", "/article/")).status_code == 404
    sent = mapping_of(admin.get(location).text)
    shutil.rmtree(app.extensions["backoffice"].uploads / "imports")
    for answer in (admin.get(location), admin.post("/admin/user/import/", data=sent)):
        assert answer.status_code == 404
        assert "not there any more" in answer.text
    assert admin.get("/admin/user/import/?file=../../backoffice.db").status_code == 404


@pytest.mark.sqlite_only
def test_mappings_that_cannot_be_are_told(admin: Client) -> None:
    location = upload(admin, csv("username,email,name", "a,a@example.com,A")).location
    sent = mapping_of(admin.get(location).text)
    wrong = {
        "no field “password_hash”": {"to-2": "password_hash"},
        "no field “password”": {"to-2": "password"},
        "no field “version”": {"to-2": "version"},
        "Two columns fill": {"to-2": "email"},
        "has to fill a field": {"to-0": "", "tells": ["0"]},
        "Choose what is to be done": {"mode": "delete"},
        "at least one of the columns": {"to-0": "", "to-1": "", "to-2": "", "tells": []},
    }
    for words, changed in wrong.items():
        answer = admin.post("/admin/user/import/", data={**sent, **changed})
        assert answer.status_code == 400
        assert words in unescape(answer.text)
    assert admin.post("/admin/user/import/", data=sent).status_code == 302


@pytest.mark.sqlite_only
def test_a_form_sent_twice_is_one_job(admin: Client, session: Session) -> None:
    location = upload(admin, csv("username,email", "a,a@example.com")).location
    sent = mapping_of(admin.get(location).text)
    first, second = (admin.post("/admin/user/import/", data=sent) for _time in range(2))
    assert first.location == second.location
    assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


@pytest.mark.sqlite_only
def test_the_last_mapping_of_the_same_columns_is_proposed_again(admin: Client) -> None:
    content = csv("nick,mail,who", "a,a@example.com,A")
    filled = {"to-0": "username", "to-1": "email", "to-2": "name", "tells": ["1"], "mode": "create"}
    check(admin, content, **filled)
    sent = mapping_of(admin.get(upload(admin, content).location).text)
    assert [sent[f"to-{n}"] for n in range(3)] == [["username"], ["email"], ["name"]]
    assert (sent["tells"], sent["mode"]) == (["1"], ["create"])


@pytest.mark.sqlite_only
def test_titles_in_another_language_are_recognised(admin: Client) -> None:
    page = admin.get(upload(admin, csv("用户名,邮箱,姓名", "a,a@example.com,A")).location).text
    sent = mapping_of(page)
    assert sent["to-0"] == ["username"]
    assert sent["to-2"] == ["name"]


@pytest.mark.sqlite_only
def test_who_may_import(sign_in: Callable[..., Client], session: Session) -> None:
    viewer = sign_in("viewer")
    assert viewer.get("/admin/article/import/").status_code == 403
    assert "/import/" not in viewer.get("/admin/article/").text
    editor = sign_in("editor")
    assert editor.get("/admin/user/import/").status_code == 403
    assert "/admin/article/import/" in editor.get("/admin/article/").text
    job = check(editor, csv("Title", "one"), model="article", mode="create")
    role = session.scalars(sa.select(Role).where(Role.name == "editor")).one()
    role.permissions = ["article:read", "article:import", "article:edit"]
    session.commit()
    assert apply(editor, job).status_code == 403
    page = editor.get(upload(editor, csv("Title", "one"), model="article").location).text
    assert 'value="update"' in page
    assert 'value="create"' not in page
    # Nobody carries out, sees or takes away what somebody else has tried out.
    admin = sign_in("admin")
    assert apply(admin, job).status_code == 403
    assert admin.get(f"/admin/job/failed/?id={job}").status_code == 403
    assert "import-found" not in admin.get(f"/admin/job/details/?id={job}").text
    assert "import-found" in editor.get(f"/admin/job/details/?id={job}").text
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0


@pytest.mark.sqlite_only
def test_a_token_is_asked_for(make_app: Callable[..., Flask], sign_in: Callable[..., Client]) -> None:
    app = make_app(extra={"WTF_CSRF_ENABLED": False})
    browser = sign_in(app=app)
    app.config["WTF_CSRF_ENABLED"] = True
    folder = app.extensions["backoffice"].uploads
    shutil.rmtree(folder / "imports", ignore_errors=True)
    answer = browser.post("/admin/user/import/", data={"upload": (io.BytesIO(b"a,b\n1,2"), "a.csv")})
    assert answer.status_code == 400
    assert list(folder.glob("imports/*")) == []


def test_what_one_may_not_see_is_not_changed(
    admin: Client, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(session, username="ada", email="ada@example.com", name="Ada")
    seen = make_user(session, username="bob", email="bob@example.com", name="Bob")
    users_view = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "user")
    content = csv("username,email,name", "ada,ada@example.com,A", "bob,bob@example.com,B")
    before = check(admin, content)
    monkeypatch.setattr(type(users_view), "get_query", lambda _self: sa.select(User).where(User.username == "bob"))
    found = rows_of(session, check(admin, content))
    assert [row.verdict for row in found] == ["wrong", "changed"]
    assert "already has this value" in found[0].reason
    by_key = check(admin, csv("id,name", f"{seen.id - 1},A"))
    assert "There is no such record" in rows_of(session, by_key)[0].reason
    # Seen at the dry run, and no longer when it is carried out.
    apply(admin, before)
    now = users(session)
    assert (now["ada"].name, now["bob"].name) == ("Ada", "B")


@pytest.mark.sqlite_only
def test_a_field_that_one_may_not_change_is_not_imported(
    admin: Client, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    users_view = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "user")
    make_user(session, username="ada", email="ada@example.com", name="Ada")
    content = csv("username,name", "ada,A")
    job = check(admin, content)
    monkeypatch.setattr(type(users_view), "may_change", lambda _self, name: name != "name")
    apply(admin, job)
    assert users(session)["ada"].name == "Ada"
    assert 'value="name"' not in admin.get(upload(admin, content).location).text


@pytest.mark.sqlite_only
def test_what_a_view_refuses_is_told_of_its_row(
    admin: Client, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Any, _form: Any, user: User, _created: bool) -> None:
        if user.name == "Eve":
            raise ValidationError("Not Eve.")

    users_view = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "user")
    monkeypatch.setattr(type(users_view), "on_model_change", refuse)
    lines = [f"u{n},u{n}@example.com,{'Eve' if n in (7, 60) else 'Ada'}" for n in range(80)]
    apply(admin, check(admin, csv("username,email,name", *lines)))
    assert len(users(session)) == 78
    imported = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    assert (imported.changed, imported.failed, imported.state) == (78, 2, "done")
    assert "Not Eve." in admin.get(f"/admin/job/details/?id={imported.id}").text


@pytest.mark.sqlite_only
def test_files_go_with_their_jobs(admin: Client, session: Session, app: Flask) -> None:
    folder = app.extensions["backoffice"].uploads
    shutil.rmtree(folder / "imports", ignore_errors=True)
    job = check(admin, csv("username,email", "a,a@example.com"))
    upload(admin, csv("username,email", "b,b@example.com"))
    later = utcnow() + timedelta(hours=1)
    with app.app_context():
        assert kept.prune(db.session(), utcnow() - timedelta(hours=1), folder) == 0
        assert kept.prune(db.session(), later, folder) == 1
        session.execute(sa.delete(Job).where(Job.id == job))
        session.commit()
        assert kept.prune(db.session(), later, folder) == 1
    assert rows_of(session, job) == []
    assert list((folder / "imports").iterdir()) == []


@pytest.mark.sqlite_only
def test_only_who_brought_a_file_tries_its_failed_rows_again(
    admin: Client, session: Session, sign_in: Callable[..., Client]
) -> None:
    apply(admin, check(admin, csv("username,email", "ada,ada@example.com")))
    job = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    job.failed = 1
    session.commit()
    colleague = sign_in("admin", "colleague@example.com")
    assert colleague.post(f"/admin/job/retry/?id={job.id}").status_code == 403
    assert colleague.get(f"/admin/job/failed/?id={job.id}").status_code == 403
    page = f"/admin/job/details/?id={job.id}"
    assert ("/admin/job/retry/" in admin.get(page).text, "/admin/job/retry/" in colleague.get(page).text) == (
        True,
        False,
    )
