"""Importing: what is exported comes back, a dry run shows what an import would do, and the import does just that."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.importing import view
from backoffice.models import Article, Collection, Job, User
from tests.admin.importing import apply, check, csv, mapping_of, rows_of, upload, users, verdicts
from tests.factories import NOON, collect, make_article, make_user

Client = FlaskClient


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
