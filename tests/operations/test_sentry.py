"""Errors to Sentry: what is sent to a server of ours is the error, and nothing of whoever met it."""

from __future__ import annotations

import gzip
import json
import logging
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import sentry_sdk
import sqlalchemy as sa
from flask import Flask, request
from sentry_sdk.integrations.logging import EventHandler

from backoffice.access import guard
from backoffice.errors import ConfigurationError
from backoffice.extensions import db
from backoffice.operations.release import version
from backoffice.records.jobs.current import working_on

pytestmark = pytest.mark.sqlite_only

# Each stands in the request, the statement or a variable; none in a line of the code that fails.
SECRETS = ("hunter2", "a-cookie", "a-query", "a-header", "somebody", "example.com", "no_such_table", "127.0.0.1")


class Sentry(HTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Envelopes)
        self.received: list[str] = []

    @property
    def dsn(self) -> str:
        return f"http://key@127.0.0.1:{self.server_port}/1"

    def events(self) -> list[dict[str, Any]]:
        """The events of the envelopes, once they have arrived: a header, an item's header, the item."""
        sentry_sdk.flush(timeout=10)
        return [json.loads(envelope.splitlines()[2]) for envelope in self.received]


class Envelopes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.received.append((gzip.decompress(body) if is_packed else body).decode())  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_about: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    """A server for envelopes; afterwards nothing is sent any more."""
    with Sentry() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        sentry_sdk.get_client().close(timeout=0)
        sentry_sdk.get_global_scope().set_client(None)
        root = logging.getLogger()
        for handler in [handler for handler in root.handlers if isinstance(handler, EventHandler)]:
            root.removeHandler(handler)
        server.shutdown()
        thread.join()


@pytest.fixture
def failing(make_app: Callable[..., Flask], sentry: Sentry) -> Flask:
    """An application with a route that fails in the way the form asks for."""
    app = make_app(sentry_dsn=sentry.dsn, extra={"PROPAGATE_EXCEPTIONS": False, "TESTING": False})

    def fail() -> str:
        secret = request.form["secret"]
        if request.form["way"] == "database":
            db.session.execute(sa.select(sa.literal(secret)).select_from(sa.table(request.form["table"])))
        try:
            raise KeyError(request.form["person"])
        except KeyError as error:
            raise RuntimeError(f"this went wrong for <{error.args[0]}>") from error

    app.add_url_rule("/fail", "fail", fail, methods=["POST"])
    guard.declare(app, "fail", guard.PUBLIC)
    return app


def meet(app: Flask, way: str) -> None:
    browser = app.test_client()
    browser.set_cookie("session", "a-cookie")
    form = {"way": way, "secret": "hunter2", "person": "somebody@example.com", "table": "no_such_table"}
    headers = {"X-Request-Id": "abcdefgh", "X-Secret": "a-header"}
    assert browser.post("/fail?q=a-query", data=form, headers=headers).status_code in (500, 503)


def test_an_error_of_ours_is_sent_with_its_traceback_and_the_id_of_the_request(failing: Flask, sentry: Sentry) -> None:
    meet(failing, "ours")
    [event] = sentry.events()
    assert event["tags"] == {"request": "abcdefgh", "job": "-"}
    assert event["release"] == f"backoffice@{version()}"
    assert event["environment"] == "development"
    assert event["logentry"]["formatted"] == "Exception on /fail [POST]"
    first, last = event["exception"]["values"]
    assert (first["type"], first["value"]) == ("KeyError", "'[email]'")
    assert (last["type"], last["value"]) == ("RuntimeError", "this went wrong for <[email]>")
    assert last["stacktrace"]["frames"][-1]["function"] == "fail"
    assert last["stacktrace"]["frames"][-1]["context_line"].strip().startswith("raise RuntimeError")


def test_what_a_database_said_is_withheld(failing: Flask, sentry: Sentry) -> None:
    meet(failing, "database")
    [event] = sentry.events()
    assert [(value["type"], value["value"]) for value in event["exception"]["values"]] == [
        ("OperationalError", "its text is withheld"),
        ("OperationalError", "its text is withheld"),
    ]


@pytest.mark.parametrize("way", ["ours", "database"])
def test_nothing_of_the_request_the_statement_or_the_variables_is_sent(
    failing: Flask, sentry: Sentry, way: str
) -> None:
    meet(failing, way)
    assert sentry.events()
    [sent] = sentry.received
    assert [secret for secret in SECRETS if secret in sent.replace(sentry.dsn, "")] == []
    for part in ("request", "user", "vars", "breadcrumbs", "server_name", "extra", "modules"):
        assert f'"{part}":' not in sent.replace('"tags":{"request":', "")


def test_an_error_in_a_job_is_sent_with_its_number_and_less_is_not_sent(failing: Flask, sentry: Sentry) -> None:
    with working_on(12):
        logging.getLogger("backoffice.here").warning("not worth it")
        logging.getLogger("backoffice.here").error("job %s of %s failed", 12, "somebody@example.com")
    [event] = sentry.events()
    assert event["tags"] == {"request": "-", "job": "12"}
    assert event["logentry"] == {"formatted": "job 12 of [email] failed"}


def test_a_second_application_of_the_process_sends_nothing_twice(
    failing: Flask, make_app: Callable[..., Flask], sentry: Sentry
) -> None:
    make_app(sentry_dsn=sentry.dsn)
    logging.getLogger("backoffice.here").error("once")
    assert len(sentry.events()) == 1


@pytest.mark.parametrize(
    "dsn", ["sentry.example.com", "https://sentry.example.com/1", "https://key@sentry.example.com"]
)
def test_what_is_no_dsn_is_refused_without_showing_it(make_app: Callable[..., Flask], dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="SENTRY_DSN") as refused:
        make_app(sentry_dsn=dsn)
    assert "example.com" not in refused.value.message


def test_without_the_package_the_start_says_how_to_get_it(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ConfigurationError, match="pip install sentry-sdk"):
        make_app(sentry_dsn="https://key@sentry.example.com/1")
