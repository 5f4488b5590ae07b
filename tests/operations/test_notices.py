"""What operators tell staff, and hold back, while they work."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy.orm import Session

from backoffice.admin.working import worker
from backoffice.extensions import db
from backoffice.models import Article, Draft, Job, Notice, utcnow
from backoffice.operations import notices
from backoffice.records.jobs import ledger
from backoffice.records.jobs.chunks import Lost, Pace, run_chunk
from tests.admin.bulk import ask, count, send
from tests.factories import make_article, make_articles, make_user
from tests.pages import field_value, form_of

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}
HELD = "The database moves to its new home."
FIELDS = ("title", "user", "published_at", "content", "version", "shown", "form_id")


@pytest.fixture(autouse=True)
def _nothing_stands_afterwards(app: Flask) -> Iterator[None]:
    """The application is the next test's as well, and remembers for two seconds."""
    app.extensions.pop("backoffice.notices", None)
    yield
    app.extensions.pop("backoffice.notices", None)


@pytest.fixture
def flask(runner: FlaskCliRunner) -> Callable[..., str]:
    """Run `flask …` and give what it says."""

    def run(*words: str, code: int = 0) -> str:
        answer = runner.invoke(args=list(words))
        assert answer.exit_code == code, answer.output
        return answer.output

    return run


def banner(page: str, kind: str) -> str:
    """What stands over a page; nothing where it is hidden."""
    found = re.search(rf'<p class="banner[^>]*data-banner="{kind}"[^>]*>.*?</p>', page, re.S)
    assert found
    if " hidden>" in found[0].split("\n")[0]:
        return ""
    words = re.search(r"data-message>(.*?)</span>", found[0])
    assert words
    return words[1]


def test_a_notice_stands_over_every_page_until_it_is_taken_down(
    admin: FlaskClient, flask: Callable[..., str], session: Session
) -> None:
    article = make_article(session)
    assert "No notice stands" in flask("ops", "notice")
    assert banner(admin.get("/admin/").text, "notice") == ""
    assert "warning: Upgrade at <18:00>" in flask("ops", "notice", "Upgrade at <18:00>", "--level", "warning")
    for path in ("/admin/", "/admin/article/", f"/admin/article/edit/?id={article.id}", "/admin/nowhere/"):
        assert banner(admin.get(path).text, "notice") == "Upgrade at &lt;18:00&gt;", path
    assert 'class="banner banner-warning" data-banner="notice"' in admin.get("/admin/").text
    flask("ops", "notice", "Another")
    assert "info: Another" in flask("ops", "notice", "show")
    assert banner(admin.get("/admin/").text, "notice") == "Another"
    flask("ops", "notice", "--clear")
    assert banner(admin.get("/admin/").text, "notice") == ""
    assert "No notice stood" in flask("ops", "notice", "--clear")


@pytest.mark.sqlite_only
def test_a_notice_is_for_staff_alone_and_goes_by_itself_when_its_time_has_come(
    admin: FlaskClient, client: FlaskClient, flask: Callable[..., str], session: Session, app: Flask
) -> None:
    soon = (utcnow() + timedelta(hours=1)).isoformat()
    assert "until" in flask("ops", "notice", "Back at six", "--until", soon)
    assert banner(admin.get("/admin/").text, "notice") == "Back at six"
    assert "Back at six" not in client.get("/sign-in").text
    assert "notice" not in (client.get("/session").json or {})
    session.execute(sa.update(Notice).values(until=utcnow() - timedelta(seconds=1)))
    session.commit()
    app.extensions.pop("backoffice.notices")
    assert banner(admin.get("/admin/").text, "notice") == ""
    assert "No notice stands" in flask("ops", "notice")


@pytest.mark.sqlite_only
def test_what_was_put_away_stays_away_in_this_browser_until_another_is_told(
    admin: FlaskClient, flask: Callable[..., str]
) -> None:
    flask("ops", "notice", "First")
    name = re.search(r'data-banner="notice" data-id="(\w+)"', admin.get("/admin/").text)
    assert name
    admin.set_cookie("notice", name[1])
    assert banner(admin.get("/admin/").text, "notice") == ""
    flask("ops", "notice", "Second")
    assert banner(admin.get("/admin/").text, "notice") == "Second"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["notice", ""], "1 to 500 characters"),
        (["notice", "x" * 501], "1 to 500 characters"),
        (["notice", "Late", "--until", "2020-01-01"], "still to come"),
        (["notice", "Soon", "--until", "soon"], "2026-01-31T18:00+01:00"),
        (["read-only", "on", "--message", " "], "1 to 500 characters"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_sentence(flask: Callable[..., str], words: list[str], said: str) -> None:
    assert said in flask("ops", *words, code=2)


@pytest.mark.sqlite_only
def test_an_open_page_hears_of_it_from_what_it_asks_anyway(
    admin: FlaskClient, flask: Callable[..., str], session: Session
) -> None:
    article = make_article(session)
    beat = {"id": str(article.id), "page": "page-of-ada"}
    flask("ops", "notice", "Upgrade at six")
    flask("ops", "read-only", "on", "--message", HELD)
    for told in (admin.post("/admin/article/presence/", data=beat), admin.get("/session")):
        assert told.json is not None
        assert (told.json["notice"]["message"], told.json["read_only"]) == ("Upgrade at six", HELD)


def test_in_read_only_mode_every_write_is_refused_with_the_operator_s_words_and_nothing_changes(
    admin: FlaskClient, flask: Callable[..., str], session: Session
) -> None:
    article, user = make_article(session, title="Old"), make_user(session, username="ada")
    edit = f"/admin/article/edit/?id={article.id}"
    form = form_of(admin.get(edit).text, *FIELDS)
    flask("ops", "read-only", "on", "--message", HELD)
    refused = [
        admin.post(edit, data={**form, "title": "New"}),
        admin.post("/admin/article/new/", data={"title": "New", "form_id": "a" * 32}),
        admin.post(f"/admin/user/delete/?id={user.id}", data={"id": str(user.id)}),
        admin.post("/admin/article/action/", data={"action": "publish", "rowid": str(article.id)}),
        admin.post("/admin/article/import/"),
        admin.post("/admin/article/views/new/", data={"name": "Mine", "sort": "title"}),
    ]
    cell = admin.post(f"/admin/user/ajax/update/?id={user.id}&name=name", data={"name": "New"}, headers=SCRIPT)
    assert [answer.status_code for answer in [*refused, cell]] == [503] * 7
    assert {answer.headers["Retry-After"] for answer in [*refused, cell]} == {"60"}
    assert all(HELD in answer.text for answer in refused)
    assert cell.json is not None
    assert HELD in cell.json["error"]
    session.expire_all()
    assert (article.title, article.published_at, user.name == "New") == ("Old", None, False)
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1
    flask("ops", "read-only", "off")
    assert admin.post(edit, data={**form, "title": "New"}).status_code == 302
    session.expire_all()
    assert article.title == "New"


@pytest.mark.sqlite_only
def test_every_route_that_takes_a_form_is_refused_but_for_those_that_change_no_record(
    app: Flask, admin: FlaskClient, flask: Callable[..., str]
) -> None:
    flask("ops", "read-only", "on", "--message", HELD)
    open_: set[str] = set()
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint == "security.logout":
            continue
        answer = admin.post(rule.rule, headers=SCRIPT)
        if not (answer.status_code == 503 and answer.json and HELD in answer.json["error"]):
            open_.add(rule.endpoint.rpartition(".")[2])
    assert open_ == {
        "login", "change_password", "preferences", "draft_keep", "draft_discard", "presence_view", "preview_view",
        "new_preview_view",
    }  # fmt: skip


@pytest.mark.sqlite_only
def test_in_read_only_mode_people_sign_in_and_read_and_what_they_typed_is_kept(
    sign_in: Callable[..., FlaskClient], flask: Callable[..., str], session: Session
) -> None:
    article = make_article(session, title="Old")
    flask("ops", "read-only", "on", "--message", HELD)
    editor = sign_in("editor")
    edit = f"/admin/article/edit/?id={article.id}"
    page = editor.get(edit)
    assert page.status_code == 200
    assert banner(page.text, "read-only") == HELD
    assert re.search(r"<button[^>]*data-save disabled data-held", page.text)
    draft = {"copy": "tab-of-ada", "fields": {"title": ["Typed"]}}
    kept = editor.post("/admin/article/draft/keep/", data={"id": str(article.id), "draft": json.dumps(draft)})
    assert kept.status_code == 200
    assert session.scalars(sa.select(Draft)).one().fields == {"title": ["Typed"]}
    # Without scripts: a way back to the form that holds what was typed.
    refused = editor.post(edit, data={**form_of(page.text, *FIELDS), "title": "Typed"})
    assert (refused.status_code, field_value(refused.text, "title")) == (503, "Typed")
    again = {
        name: field_value(refused.text, name) for name in ("title", "content", "version", "shown", "_typed_before")
    }
    shown = editor.post(edit, data=again)
    assert (shown.status_code, field_value(shown.text, "title")) == (200, "Typed")
    session.expire_all()
    assert article.title == "Old"


@pytest.mark.sqlite_only
def test_what_stands_is_asked_once_in_two_seconds_however_many_pages_are_drawn(
    admin: FlaskClient, app: Flask, flask: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(notices, "monotonic", lambda: now[0])
    statements: list[str] = []
    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for moment in (1000.0, 1000.5, 1001.9, 1002.1, 1003.0):
        now[0] = moment
        admin.get("/admin/article/")
    assert sum("FROM notice" in statement for statement in statements) == 2
    statements.clear()
    now[0] += 10
    for path in ("/healthz", "/sign-in", "/static/js/main.js"):
        app.test_client().get(path).close()
    assert not any("FROM notice" in statement for statement in statements)


def test_pages_are_drawn_where_the_table_is_missing(admin: FlaskClient, app: Flask, session: Session) -> None:
    table: Any = Notice.__table__
    table.drop(session.connection())
    session.commit()
    try:
        page = admin.get("/admin/article/")
        assert page.status_code == 200
        assert banner(page.text, "notice") == ""
    finally:
        table.create(session.connection())
        session.commit()


def test_jobs_are_held_back_and_go_on_by_themselves_afterwards(
    admin: FlaskClient, app: Flask, flask: Callable[..., str], session: Session
) -> None:
    make_articles(session, 201)
    number = job_number(send(admin, ask(admin, "publish").text))
    working = worker(app, Event())
    for hold, release, said in (
        (("jobs", "pause", "--all", HELD), ("jobs", "resume", "--all"), "All jobs are paused. "),
        (("ops", "read-only", "on", "--message", HELD), ("ops", "read-only", "off"), "Jobs wait for read-only mode"),
    ):
        flask(*hold)
        assert not working.work_once()
        assert f"All jobs are paused. {HELD}" in admin.get(f"/admin/job/details/?id={number}").text
        assert f"All jobs are paused. {HELD}" in admin.get("/admin/job/").text
        assert said + ("" if "wait" in said else HELD) in flask("jobs", "list")
        assert said in flask("jobs", "work", "--until-idle")
        assert state(session, number) == "waiting"
        flask(*release)
        assert "are paused" not in admin.get(f"/admin/job/details/?id={number}").text
    while working.work_once():
        pass
    assert state(session, number) == "done"


@pytest.mark.sqlite_only
def test_a_worker_lets_go_of_its_job_after_the_chunk_in_hand_once_jobs_are_held(
    admin: FlaskClient, app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.records.jobs.worker.Pace", lambda: Pace(size=50))
    make_articles(session, 250)
    number = job_number(send(admin, ask(admin, "publish").text))
    working, asked = worker(app, Event()), iter([False, False, True])
    working.held = lambda: next(asked)
    assert working.work_once()
    session.expire_all()
    job = session.get_one(Job, number)
    assert (job.state, 0 < job.position < job.length) == ("waiting", True)


def test_a_job_that_is_at_work_is_paused_after_the_chunk_in_hand_and_loses_nothing(
    admin: FlaskClient, app: Flask, session: Session, flask: Callable[..., str]
) -> None:
    make_articles(session, 201)
    number = job_number(send(admin, ask(admin, "publish").text))
    working, pace = worker(app, Event()), Pace(size=50)
    with working.enter() as own:
        claim = ledger.claim(own, "the test", at_once=1)
        assert claim is not None
        assert run_chunk(own, claim, pace)
        flask("jobs", "pause", str(number))
        with pytest.raises(Lost):
            run_chunk(own, claim, pace)
        ledger.give_back(own, claim)
    job = session.get_one(Job, number)
    assert (job.state, 0 < job.position < 201, job.changed == job.position) == ("paused", True, True)
    assert not working.work_once()
    flask("jobs", "resume", str(number))
    while working.work_once():
        pass
    session.expire_all()
    assert (job.state, job.changed, count(session, Article.published_at.is_not(None))) == ("done", 201, 201)


@pytest.mark.sqlite_only
def test_a_job_is_paused_and_resumed_by_its_page_and_by_commands(
    admin: FlaskClient, app: Flask, flask: Callable[..., str], session: Session
) -> None:
    make_articles(session, 201)
    number = job_number(send(admin, ask(admin, "publish").text))
    paused = admin.post(f"/admin/job/pause/?id={number}", follow_redirects=True).text
    assert "Paused" in paused
    assert f"/admin/job/pause/?id={number}" not in paused
    assert not worker(app, Event()).work_once()
    told = admin.get("/admin/job/mine/").json
    assert told is not None
    assert [(job["state"], job["open"]) for job in told["jobs"]] == [("Paused", False)]
    assert admin.get("/admin/job/").text.count("Paused") >= 1
    admin.post(f"/admin/job/resume/?id={number}")
    assert "Paused" in flask("jobs", "pause", str(number))
    assert "Waiting" in flask("jobs", "resume", str(number))
    flask("jobs", "pause", str(number))
    assert "Cancelled" in flask("jobs", "cancel", str(number))
    assert "has ended" in flask("jobs", "pause", str(number), code=2)
    assert "one job, or --all" in flask("jobs", "pause", code=2)
    assert "one job, or --all" in flask("jobs", "resume", str(number), "--all", code=2)


def job_number(answer: Any) -> int:
    """The job that an answer leads to."""
    found = re.search(r"/admin/job/details/\?id=(\d+)", answer.location or "")
    assert found, answer.text
    return int(found[1])


def state(session: Session, number: int) -> str:
    """A job's state now."""
    session.expire_all()
    return session.get_one(Job, number).state
