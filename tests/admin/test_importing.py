"""Importing: what is exported comes back, a dry run shows what an import would do, and the import does just that."""

from __future__ import annotations

import io
import json
import re
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

from backoffice.admin.importing import view
from backoffice.extensions import db
from backoffice.models import Article, Collection, ImportRow, Job, Role, User, utcnow
from backoffice.records.importing import kept
from tests.factories import NOON, collect, make_article, make_user

Client = FlaskClient


def csv(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def upload(client: Client, content: bytes, name: str = "a.csv", model: str = "user") -> Any:
    form = client.get(f"/admin/{model}/import/").text
    found = re.search(r'name="form_id" value="([^"]+)"', form)
    assert found, form
    data = {"form_id": found[1], "upload": (io.BytesIO(content), name)}
    return client.post(f"/admin/{model}/import/", data=data, content_type="multipart/form-data")


def mapping_of(page: str) -> dict[str, Any]:
    """What the form would send as it is proposed."""
    form = page[page.index('<form class="card import-form"') :]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'\s{part}="([^"]*)"', tag) for part in ("name", "value"))
        if name and value and ("hidden" in tag or " checked" in tag):
            sent.setdefault(unescape(name[1]), []).append(unescape(value[1]))
    for name, options in re.findall(r'<select[^>]*name="(to-\d+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = [chosen[1] if chosen else ""]
    return sent


def check(client: Client, content: bytes, name: str = "a.csv", model: str = "user", **changed: Any) -> Job:
    """Upload and try out as proposed, but for what is changed; the id of the job."""
    uploaded = upload(client, content, name, model)
    assert uploaded.status_code == 302, uploaded.text
    page = client.get(uploaded.location)
    assert page.status_code == 200, page.text
    sent = {**mapping_of(page.text), **changed}
    started = client.post(f"/admin/{model}/import/", data=sent)
    assert started.status_code == 302, started.text
    return int(re.search(r"id=(\d+)", started.location)[1])


def rows_of(session: Session, job: int) -> list[ImportRow]:
    session.expire_all()
    return list(session.scalars(sa.select(ImportRow).where(ImportRow.job_id == job).order_by(ImportRow.position)))


def verdicts(session: Session, job: int) -> list[str]:
    return [row.verdict for row in rows_of(session, job)]


def apply(client: Client, job: int) -> Any:
    return client.post(f"/admin/job/apply/?id={job}")


def users(session: Session) -> dict[str, User]:
    session.expire_all()
    return {user.username: user for user in session.scalars(sa.select(User))}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
@pytest.mark.parametrize("model", ["user", "article"])
def test_an_export_comes_back_unchanged(admin: Client, session: Session, model: str, kind: str) -> None:
    ada = make_user(session, username="ada", name="=1+1", address="a\nb")
    make_user(session, username="'quoted", name="", address=None)
    for n in range(60):
        make_user(session, address=None if n % 3 else f" {n}, “street” ", name="0012" if n % 2 else "真")
    for n in range(60):
        make_article(session, user=ada if n % 2 else None, content="" if n % 5 == 0 else f"- {n}\n\n'=x\t",
                     published_at=NOON.replace(microsecond=n) if n % 3 else None)  # fmt: skip
    exported = admin.get(f"/admin/{model}/export/{kind}/")
    job = check(admin, exported.data, f"a.{kind}", model)
    found = rows_of(session, job)
    assert {(row.verdict, row.reason, str(row.changes)) for row in found} == {("unchanged", "", "{}")}
    assert len(found) == session.scalar(sa.select(sa.func.count()).select_from(User if model == "user" else Article))


def test_rows_create_and_change_and_it_is_undone(admin: Client, session: Session) -> None:
    make_user(session, username="ada", email="ada@example.com", name="Ada", address="Old road")
    make_user(session, username="bob", email="bob@example.com", name="Bob")
    content = csv("User name,Email,Name,Address", "ada,ada@example.com,Ada L.,", "bob,bob@example.com,Bob,",
                  "eve,eve@example.com,,New road")  # fmt: skip
    job = check(admin, content)
    assert verdicts(session, job) == ["changed", "unchanged", "new"]
    assert set(users(session)) == {"ada", "bob"}
    page = admin.get(f"/admin/job/details/?id={job}").text
    assert "Apply: 1 new, 1 changed" in page
    assert "Old road" in page
    done = apply(admin, job)
    assert done.status_code == 302
    assert "2 records were imported" in admin.get(done.location).text
    now = users(session)
    assert (now["ada"].name, now["ada"].address, now["ada"].version) == ("Ada L.", None, 2)
    assert (now["eve"].address, now["bob"].version) == ("New road", 1)
    assert "Apply:" not in admin.get(f"/admin/job/details/?id={job}").text
    imported = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    assert apply(admin, job).location == done.location
    assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 2
    history = admin.get(f"/admin/user/history/?id={now['eve'].id}").text
    assert f"job {imported.id}" in history
    assert admin.post(f"/admin/job/undo/?id={imported.id}").status_code == 302
    now = users(session)
    assert set(now) == {"ada", "bob"}
    assert (now["ada"].name, now["ada"].address) == ("Ada", "Old road")
    assert "Import: Users" in admin.get("/admin/job/").text


def test_undo_leaves_what_was_changed_since(admin: Client, session: Session) -> None:
    make_user(session, username="ada", name="Ada", email="ada@example.com")
    content = csv("username,email,name", "ada,ada@example.com,A", "eve,eve@example.com,E", "fay,fay@example.com,F",
                  "gus,gus@example.com,G")  # fmt: skip
    apply(admin, check(admin, content))
    now = users(session)
    now["ada"].name = now["eve"].name = "changed since"
    session.commit()
    make_article(session, user=now["fay"])
    imported = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    admin.post(f"/admin/job/undo/?id={imported.id}")
    now = users(session)
    assert set(now) == {"ada", "eve", "fay"}
    assert now["ada"].name == "changed since"
    undone = session.scalars(sa.select(Job).where(Job.kind == "undo")).one()
    assert (undone.changed, undone.skipped) == (1, 3)
    assert "Other records refer to it by now." in admin.get(f"/admin/job/details/?id={undone.id}").text


def test_modes(admin: Client, session: Session) -> None:
    make_user(session, username="ada", email="ada@example.com", name="Ada")
    content = csv("username,email,name", "ada,ada@example.com,A", "eve,eve@example.com,E")
    assert verdicts(session, check(admin, content, mode="create")) == ["wrong", "new"]
    assert verdicts(session, check(admin, content, mode="update")) == ["changed", "wrong"]
    assert verdicts(session, check(admin, content, mode="both")) == ["changed", "new"]
    refused = upload(admin, content)
    sent = mapping_of(admin.get(refused.location).text)
    answer = admin.post("/admin/user/import/", data={**sent, "mode": "update", "tells": []})
    assert answer.status_code == 400
    assert "Choose what tells the record" in answer.text


def test_wrong_rows_are_put_right_and_fed_in_again(admin: Client, session: Session) -> None:
    ada = make_user(session, username="ada", email="ada@example.com")
    content = csv("username,email,name,remark", "eve,eve@example.com,E,x", "fay,,F,y", "gus,ada@example.com,G,z",
                  "hal,hal@example.com,H,only,more")  # fmt: skip
    job = check(admin, content)
    found = rows_of(session, job)
    assert [row.verdict for row in found] == ["new", "wrong", "wrong", "wrong"]
    assert "This field is required." in found[1].reason
    assert "already has this value" in found[2].reason
    page = admin.get(f"/admin/job/details/?id={job}&verdict=wrong")
    assert "fay" in page.text
    assert "E</ins>" not in page.text
    wrong = admin.get(f"/admin/job/failed/?id={job}")
    text = wrong.data.decode("utf-8-sig")
    assert text.splitlines()[0] == "username,email,name,remark,reason"
    assert text.count("\r\n") == 4
    corrected = text.replace("fay,,", "fay,fay@example.com,").replace("gus,ada@", "gus,gus@").replace(",more", "")
    apply(admin, job)
    again = check(admin, corrected.encode("utf-8-sig"))
    assert verdicts(session, again) == ["new", "new", "new"]
    apply(admin, again)
    assert set(users(session)) == {"ada", "eve", "fay", "gus", "hal"}
    assert users(session)["ada"].version == ada.version


def test_what_others_did_since_the_dry_run_is_not_overwritten(admin: Client, session: Session) -> None:
    make_user(session, username="ada", email="ada@example.com", name="Ada")
    make_user(session, username="bob", email="bob@example.com", name="Bob")
    content = csv("username,email,name", "ada,ada@example.com,A", "bob,bob@example.com,B", "eve,eve@example.com,E",
                  "fay,fay@example.com,F")  # fmt: skip
    job = check(admin, content)
    users(session)["ada"].name = "Colleague"
    session.commit()
    make_user(session, username="eve", email="other@example.com", name="Colleague")
    make_user(session, username="other", email="fay@example.com")
    apply(admin, job)
    now = users(session)
    assert (now["ada"].name, now["bob"].name, now["eve"].name) == ("Colleague", "B", "Colleague")
    assert "fay" not in now
    imported = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    assert (imported.changed, imported.skipped, imported.failed) == (1, 2, 1)
    page = admin.get(f"/admin/job/details/?id={imported.id}").text
    assert "Somebody has changed it since." in page
    assert "Somebody has made such a record since." in page
    left = admin.get(f"/admin/job/failed/?id={imported.id}").data.decode("utf-8-sig")
    assert [line.split(",")[0] for line in left.splitlines()] == ["username", "ada", "eve", "fay"]
    # Once the way is free the failed row goes in.
    session.delete(now["other"])
    session.commit()
    admin.post(f"/admin/job/retry/?id={imported.id}")
    again = session.scalars(sa.select(Job).order_by(Job.id.desc())).first()
    assert (again.kind, again.length, again.state) == ("import", 1, "waiting")


def test_rows_about_the_same_record_are_wrong(admin: Client, session: Session) -> None:
    make_user(session, username="ada", email="ada@example.com")
    content = csv("username,email", "eve,eve@example.com", "ada,a@example.com", "eve,eve2@example.com",
                  "ada,b@example.com")  # fmt: skip
    job = check(admin, content)
    found = rows_of(session, job)
    assert [row.verdict for row in found] == ["new", "changed", "wrong", "wrong"]
    assert found[2].reason == "The row in line 2 is about the same record."


def test_a_key_tells_the_record(admin: Client, session: Session) -> None:
    first, second = make_article(session, title="same"), make_article(session, title="same")
    content = csv("ID,Title", f"{first.id},same", f"{second.id},other", ",brand new", "999999,lost", "x,y")
    job = check(admin, content, model="article")
    found = rows_of(session, job)
    assert [row.verdict for row in found] == ["unchanged", "changed", "new", "wrong", "wrong"]
    assert "There is no such record" in found[3].reason
    by_title = check(admin, csv("Title,Content", "same,x"), model="article", tells=["0"])
    assert rows_of(session, by_title)[0].reason == "Several records match."


def test_relations_by_key_and_name(admin: Client, session: Session) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    make_user(session, username=str(ada.id))
    named = {"by name": "bob", "by key": bob.id, "none": None, "two": str(ada.id), "nobody": "eve"}
    lines = [{"title": "left out"}, *({"title": title, "user": user} for title, user in named.items())]
    content = "\n".join(map(json.dumps, lines)).encode()
    job = check(admin, content, "a.jsonl", "article", mode="create")
    found = rows_of(session, job)
    assert [row.verdict for row in found] == ["new"] * 4 + ["wrong"] * 2
    assert "Several records are called" in found[4].reason
    assert "was found" in found[5].reason
    apply(admin, job)
    written = {a.title: a.user_id for a in session.scalars(sa.select(Article))}
    assert written == {"by name": bob.id, "by key": bob.id, "none": None, "left out": None}


def test_links_with_a_key_of_two_columns(admin: Client, session: Session) -> None:
    ada = make_user(session, username="ada")
    one, two = make_article(session, title="one"), make_article(session, title="two")
    collect(session, ada, one, collected_at=NOON)
    exported = admin.get("/admin/collection/export/csv/").data
    job = check(admin, exported, "a.csv", "collection")
    assert verdicts(session, job) == ["unchanged"]
    content = csv("Reader,Article,Collected at", "ada,one,2026-02-01T10:00", "ada,two,2026-02-01T10:00")
    job = check(admin, content, "a.csv", "collection")
    assert verdicts(session, job) == ["changed", "new"], rows_of(session, job)[0].reason
    apply(admin, job)
    session.expire_all()
    links = session.scalars(sa.select(Collection)).all()
    assert {link.article_id for link in links} == {one.id, two.id}
    assert {link.collected_at.month for link in links} == {2}
    imported = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    admin.post(f"/admin/job/undo/?id={imported.id}")
    session.expire_all()
    assert [(link.article_id, link.collected_at) for link in session.scalars(sa.select(Collection))] == [(one.id, NOON)]


def test_many_rows_are_worked_off_by_a_worker(admin: Client, session: Session, runner: Any) -> None:
    content = csv("username,email,name", *(f"u{n},u{n}@example.com,{n}" for n in range(450)))
    job = check(admin, content)
    assert session.get(Job, job).state == "waiting"
    assert runner.invoke(args=["jobs", "work", "--until-idle"]).exit_code == 0
    assert verdicts(session, job) == ["new"] * 450
    page = admin.get(f"/admin/job/details/?id={job}").text
    assert "Next page" in page
    second = admin.get(f"/admin/job/details/?id={job}&verdict=new&from=25").text
    assert "Line 27" in second
    assert "Previous page" in second
    apply(admin, job)
    assert runner.invoke(args=["jobs", "work", "--until-idle"]).exit_code == 0
    assert len(users(session)) == 450
    imported = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    assert (imported.state, imported.changed) == ("done", 450)
    admin.post(f"/admin/job/undo/?id={imported.id}")
    assert runner.invoke(args=["jobs", "work", "--until-idle"]).exit_code == 0
    assert users(session) == {}


@pytest.mark.sqlite_only
def test_a_file_too_long_to_be_counted_at_once_is_read_to_its_end(
    admin: Client, session: Session, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "SECONDS_OF_COUNTING", 0)
    content = csv("username,email", *(f"u{n},u{n}@example.com" for n in range(333)))
    assert "more than 201 rows" in admin.get(upload(admin, content).location).text
    job = check(admin, content)
    assert "nobody knows yet" in admin.get(f"/admin/job/details/?id={job}").text
    assert runner.invoke(args=["jobs", "work", "--until-idle"]).exit_code == 0
    assert verdicts(session, job) == ["new"] * 333
    found = session.get(Job, job)
    assert (found.length, found.position, found.state) == (333, 333, "done")
    assert "333 of 333 rows" in admin.get(f"/admin/job/details/?id={job}").text


# -- what is refused -------------------------------------------------------------------------------------------------


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
