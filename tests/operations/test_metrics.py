"""`/metrics`: who may read it, what it counts, that it holds nobody's data, and that it answers whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from backoffice.extensions import db
from backoffice.models import Job, utcnow
from backoffice.operations import stock
from backoffice.operations.release import version
from backoffice.records.units import Again, once
from tests.conftest import PASSWORD
from tests.databases import Databases
from tests.factories import make_article, make_articles
from tests.pages import form_of

TOKEN = "a token for tests only"
FIELDS = ("title", "user", "published_at", "content", "version", "shown", "form_id")


@pytest.fixture
def counting(make_app: Callable[..., Flask]) -> Flask:
    """An application that counts."""
    return make_app(metrics_token=TOKEN)


class Told(dict[str, list[tuple[dict[str, str], float]]]):
    """The samples of an answer by their names."""

    def value(self, name: str, **labels: str) -> float:
        """The one with these labels; 0 where it has not been counted yet."""
        found = [value for known, value in self.get(name, ()) if known == labels]
        return found[0] if found else 0.0


def text(app: Flask) -> str:
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def read(app: Flask) -> Told:
    told = Told()
    for family in text_string_to_metric_families(text(app)):
        for sample in family.samples:
            told.setdefault(sample.name, []).append((sample.labels, sample.value))
    return told


# -- who may read it -----------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_without_a_token_in_the_settings_there_is_no_such_page(client: FlaskClient, app: Flask) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert client.get("/metrics", headers=headers).status_code == 404
    assert "backoffice.meters" not in app.extensions


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}", "Bearer é"],
)
def test_whoever_does_not_know_the_token_is_told_nothing(counting: Flask, given: str | None) -> None:
    answer = counting.test_client().get("/metrics", headers={} if given is None else {"Authorization": given})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "backoffice" not in answer.text
    assert TOKEN not in answer.text


@pytest.mark.sqlite_only
def test_a_session_is_no_token(counting: Flask, sign_in: Callable[..., FlaskClient]) -> None:
    assert sign_in("admin", app=counting).get("/metrics").status_code == 401


# -- what it counts ------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_requests_count_under_the_name_of_their_route(counting: Flask) -> None:
    browser = counting.test_client()
    for _ in range(3):
        browser.get("/healthz")
    browser.get("/no-such-page")
    browser.open("/healthz", method="BREW")
    told = read(counting)
    name = "backoffice_http_requests_total"
    assert told.value(name, endpoint="health.healthz", method="GET", status="200") == 3
    assert told.value(name, endpoint="none", method="GET", status="404") == 1
    assert told.value(name, endpoint="none", method="other", status="405") == 1
    assert told.value("backoffice_http_request_duration_seconds_count", endpoint="health.healthz") == 3
    assert told.value("backoffice_http_request_duration_seconds_bucket", endpoint="health.healthz", le="+Inf") == 3
    assert told.value("backoffice_http_request_duration_seconds_sum", endpoint="health.healthz") > 0
    assert "no-such-page" not in text(counting)


def test_statements_saves_and_conflicts_are_counted(
    counting: Flask, sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    article = make_article(session, title="Old")
    path, browser = f"/admin/article/edit/?id={article.id}", sign_in("admin", app=counting)
    before = read(counting)
    form = form_of(browser.get(path).text, *FIELDS)
    assert browser.post(path, data={**form, "title": "First"}).status_code == 302
    assert browser.post(path, data={**form, "title": "Second", "form_id": "another"}).status_code == 409
    assert browser.post(path, data={**form, "title": "", "form_id": "a third"}).status_code == 422
    told = read(counting)
    assert told.value("backoffice_saves_total") == 1
    assert told.value("backoffice_conflicts_total") == 1
    name = "backoffice_statement_duration_seconds_count"
    assert told.value(name) - before.value(name) > 10


@pytest.mark.sqlite_only
def test_what_is_done_again_is_counted_by_its_reason(counting: Flask, session: Session) -> None:
    busy = sa.exc.OperationalError("UPDATE article", {}, Exception(1213))
    faults: list[Exception] = [Again(), StaleDataError(), StaleDataError(), busy]

    def work() -> None:
        if faults:
            raise faults.pop()

    once(session, work)
    told = read(counting)
    reasons = {labels["reason"]: value for labels, value in told["backoffice_retries_total"]}
    assert reasons == {"other": 1, "stale": 2, "busy": 1}


@pytest.mark.sqlite_only
def test_rows_of_jobs_are_counted(counting: Flask, sign_in: Callable[..., FlaskClient], session: Session) -> None:
    articles = [*make_articles(session, 2), make_article(session, published_at=utcnow())]
    ticked = {"action": "publish", "rowid": [article.id for article in articles]}
    sign_in("admin", app=counting).post("/admin/article/action/", data=ticked)
    told = read(counting)
    rows = {labels["outcome"]: value for labels, value in told["backoffice_job_rows_total"]}
    assert rows == {"changed": 2, "unchanged": 1, "skipped": 0, "failed": 0}


@pytest.mark.sqlite_only
def test_refused_sign_ins_are_counted_and_name_nobody(counting: Flask) -> None:
    browser = counting.test_client()
    for _ in range(6):
        browser.post("/sign-in", data={"email": "somebody@example.com", "password": PASSWORD})
    browser.get("/sign-in?next=/admin/?search=wanted")
    told, page = read(counting), text(counting)
    assert told.value("backoffice_sign_ins_refused_total", reason="wrong") == 5
    assert told.value("backoffice_sign_ins_refused_total", reason="throttled") == 1
    for secret in ("somebody", "example.com", PASSWORD, "wanted", TOKEN, "127.0.0.1"):
        assert secret not in page


@pytest.mark.sqlite_only
def test_version_and_process_are_told(counting: Flask) -> None:
    told = read(counting)
    about = {"version": version(), "environment": "development", "database": "sqlite"}
    assert told.value("backoffice_info", **about) == 1
    assert [labels["implementation"] for labels, _value in told["python_info"]]


# -- what stands in the database -----------------------------------------------------------------------------------


def test_jobs_and_revision_are_told_as_they_stand(counting: Flask, session: Session) -> None:
    for state, minutes in (("waiting", 10), ("waiting", 1), ("running", 60), ("failed", 90), ("done", 120)):
        session.add(Job(kind="bulk", state=state, turn_at=utcnow() - timedelta(minutes=minutes)))
    session.commit()
    told = read(counting)
    jobs = {labels["state"]: value for labels, value in told["backoffice_jobs"]}
    assert jobs == {"waiting": 2, "running": 1, "failed": 1}
    # Ten minutes, give or take what this took and how far the two clocks are apart.
    assert told.value("backoffice_job_waiting_seconds") == pytest.approx(600, abs=60)
    revision = session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    about = {"revision": revision, "needs": revision, "state": "ready"}
    assert told["backoffice_schema_info"] == [(about, 1)]
    assert told.value("backoffice_schema_serves") == 1
    assert told.value("backoffice_database_up") == 1


@pytest.mark.sqlite_only
def test_an_empty_database_is_told_as_one_that_is_behind(databases: Databases) -> None:
    app = databases.make_app(databases.create("sqlite"), metrics_token=TOKEN)
    assert app.test_client().get("/sign-in").status_code == 503
    told = read(app)
    [(about, _one)] = told["backoffice_schema_info"]
    assert (about["revision"], about["state"]) == ("", "behind")
    assert told.value("backoffice_schema_serves") == 0
    assert "backoffice_jobs" not in told


@pytest.mark.sqlite_only
def test_the_database_is_asked_once_for_several_scrapes(counting: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def note(connection: Any) -> list[Metric]:
        asked.append(connection)
        return [GaugeMetricFamily("backoffice_noted", "Of a test.", value=1)]

    monkeypatch.setattr(stock, "READINGS", (note,))
    monkeypatch.setattr(stock, "SECONDS_KEPT", 3600)
    with counting.app_context():
        found = stock.Stock(db.engine)
    for _ in range(3):
        assert [metric.samples[0].value for metric in found.collect()] == [1, 1]
    assert len(asked) == 1


@pytest.mark.sqlite_only
def test_a_slow_database_does_not_hold_the_answer(counting: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = Event()

    def wait(_connection: Any) -> tuple[()]:
        goes_on.wait(60)
        return ()

    monkeypatch.setattr(stock, "PATIENCE", 0.01)
    monkeypatch.setattr(stock, "READINGS", (wait,))
    try:
        told = read(counting)
    finally:
        goes_on.set()
    assert told.value("backoffice_database_up") == 0
    assert "backoffice_http_requests_total" not in told, "this answer is the first"
    assert "backoffice_jobs" not in told


@pytest.mark.sqlite_only
def test_without_a_database_it_says_so(databases: Databases) -> None:
    app = databases.make_app("mysql://root@127.0.0.1:1/none", metrics_token=TOKEN)
    told = read(app)
    assert told.value("backoffice_database_up") == 0
    assert "backoffice_jobs" not in told
    assert read(app).value("backoffice_http_requests_total", endpoint="metrics", method="GET", status="200") == 1
