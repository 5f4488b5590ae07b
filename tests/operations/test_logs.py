"""Records as text and as JSON: what they tell of requests, people and jobs, and what they never tell."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice import signals
from backoffice.extensions import db
from backoffice.models import Job, Staff
from backoffice.records.jobs.current import working_on
from tests.factories import make_articles
from tests.operations.conftest import MakeLoggingApp

pytestmark = pytest.mark.sqlite_only

# Not in the lines of the code themselves, which a traceback shows.
TABLE, PASSWORD = "no_such_table", "hunter2"
SignIn = Callable[..., FlaskClient]


def records(stream: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_request_is_an_object_with_its_ids_and_figures(
    make_logging_app: MakeLoggingApp, sign_in: SignIn, session: Session
) -> None:
    app, log = make_logging_app(log_format="json")
    browser = sign_in("editor", app=app)
    browser.get("/admin/?search=somebody", headers={"X-Request-Id": "abcdefgh"})
    told = records(log)[-1]
    assert datetime.fromisoformat(told.pop("time")).tzinfo is not None
    assert isinstance(told["ms"], int)
    assert told == {
        "level": "INFO", "logger": "backoffice.request", "message": f"GET /admin/ 200 {told['ms']} ms",
        "request": "abcdefgh", "person": session.scalars(sa.select(Staff.id)).one(), "job": None,
        "method": "GET", "path": "/admin/", "status": 200, "ms": told["ms"],
    }  # fmt: skip
    assert "somebody" not in log.getvalue()
    assert "editor@example.com" not in log.getvalue()


def test_line_ends_and_quotes_stay_inside_their_object(make_logging_app: MakeLoggingApp) -> None:
    _app, log = make_logging_app(log_format="json")
    logging.getLogger("backoffice.request").error('first\nsecond "third"\u2028\x1b[31m')
    [told] = records(log)
    assert told["message"] == 'first\nsecond "third"\u2028\x1b[31m'
    assert told["request"] is told["person"] is told["job"] is None


@pytest.mark.parametrize("form", ["text", "json"])
def test_traceback_withholds_what_a_database_said(make_logging_app: MakeLoggingApp, form: str) -> None:
    app, log = make_logging_app(log_format=form)
    with app.app_context():
        try:
            db.session.execute(sa.select(sa.literal(PASSWORD)).select_from(sa.table(TABLE)))
        except sa.exc.SQLAlchemyError:
            logging.getLogger("backoffice").exception("it failed", extra={"sql": PASSWORD})
    told = log.getvalue()
    assert "OperationalError (SQLITE_ERROR; its text is withheld)" in told
    assert PASSWORD not in told
    assert TABLE not in told
    assert len(told.splitlines()) == 1 or form == "text"


@pytest.mark.parametrize("form", ["text", "json"])
def test_email_address_in_an_error_is_taken_out(make_logging_app: MakeLoggingApp, form: str) -> None:
    _app, log = make_logging_app(log_format=form)
    whoever = "@".join(("somebody", "example.com"))
    try:
        raise ValueError(f"no such account: <{whoever}>, sorry")
    except ValueError:
        logging.getLogger("backoffice").exception("it failed")
    assert "ValueError: no such account: <[email]>, sorry" in log.getvalue()
    assert whoever not in log.getvalue()


def test_records_of_a_job_bear_its_number(make_logging_app: MakeLoggingApp) -> None:
    _app, log = make_logging_app()
    with working_on(12):
        logging.getLogger("backoffice.here").info("inside")
    logging.getLogger("backoffice.here").info("outside")
    inside, outside = log.getvalue().splitlines()
    assert inside.endswith("INFO request=- person=- job=12 backoffice.here: inside")
    assert outside.endswith("INFO request=- person=- backoffice.here: outside")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_job_done_before_the_answer_keeps_the_id_of_its_request(
    make_logging_app: MakeLoggingApp, sign_in: SignIn, session: Session, form: str
) -> None:
    app, log = make_logging_app(log_format=form)

    def tell(_sender: Any, **_rows: int) -> None:
        logging.getLogger("backoffice.here").info("a chunk is done")

    browser, articles = sign_in("admin", app=app), make_articles(session, 2)
    with signals.chunk_done.connected_to(tell):
        ticked = {"action": "publish", "rowid": [article.id for article in articles]}
        browser.post("/admin/article/action/", data=ticked, headers={"X-Request-Id": "abcdefgh"})
    job, person = session.scalars(sa.select(Job.id)).one(), session.scalars(sa.select(Staff.id)).one()
    if form == "text":
        line = rf" INFO request=abcdefgh person={person} job={job} backoffice.here: a chunk is done$"
        assert re.search(line, log.getvalue(), re.M)
    else:
        [told] = [record for record in records(log) if record["logger"] == "backoffice.here"]
        assert (told["request"], told["person"], told["job"]) == ("abcdefgh", person, job)


@pytest.mark.parametrize("address", ["/healthz", "/metrics", "/static/css/base.css"])
def test_what_is_asked_all_the_time_is_no_news(make_logging_app: MakeLoggingApp, address: str) -> None:
    app, log = make_logging_app(metrics_token="a token for tests only")
    app.test_client().get(address).close()
    assert log.getvalue() == ""
