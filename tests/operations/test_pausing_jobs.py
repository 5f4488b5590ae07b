"""Jobs that wait: all of them while operators hold them back, or one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.working import worker
from backoffice.models import Article, Job
from backoffice.records.jobs import ledger
from backoffice.records.jobs.chunks import Lost, Pace, run_chunk
from tests.admin.bulk import ask, count, send
from tests.factories import make_articles

pytestmark = pytest.mark.usefixtures("nothing_stands")
HELD = "The database moves to its new home."


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
