"""Lists are read from a replica, and show what was saved before them, whether it keeps up, lags or is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.database import replica as replica_module
from backoffice.database.replica import REPLICA
from backoffice.extensions import db
from tests.conftest import PASSWORD
from tests.databases import Databases
from tests.factories import make_article
from tests.faults import processes
from tests.faults.processes import Process

PAUSE = {"mariadb": "STOP SLAVE SQL_THREAD", "postgresql": "SELECT pg_wal_replay_pause()"}
GO_ON = {"mariadb": "START SLAVE SQL_THREAD", "postgresql": "SELECT pg_wal_replay_resume()"}


@dataclass
class Installation:
    """The product on a primary and its replica, with somebody signed in; how many statements each has been sent."""

    kind: str
    app: Flask
    client: FlaskClient
    replica: Process
    replica_address: str
    sent: dict[str, int]

    def list(self, path: str = "/admin/article/") -> tuple[str, str]:
        """A list, and which of the two it was read from."""
        before = self.sent[REPLICA]
        # No time has to pass until a replica that was left alone is asked again.
        self.app.extensions["backoffice.replica"].rests_until = 0.0
        page = self.client.get(path)
        assert page.status_code == 200
        return page.text, REPLICA if self.sent[REPLICA] > before else "primary"


@pytest.fixture(params=["mariadb", "postgresql"])
def here(
    request: pytest.FixtureRequest, folder: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """Two servers of one's own."""
    started: list[Process] = []
    start: Callable[[Process], None] = Process.start
    monkeypatch.setattr(Process, "start", lambda process: (started.append(process), start(process)))
    try:
        found = getattr(processes, f"{request.param}_with_replica")(folder)
        if found is None:
            pytest.skip(f"{request.param}: no server to start was found")
        (_primary, address), (replica, there) = found
        app = databases.make_app(address, database_replica_url=there)
        sent = {"primary": 0, REPLICA: 0}
        with app.app_context():
            flask_migrate.upgrade()
            accounts.create("somebody@example.com", "editor", PASSWORD)
            for name, engine in (("primary", db.engine), (REPLICA, db.engines[REPLICA])):
                sa.event.listen(engine, "after_cursor_execute", counter(sent, name))
        client = app.test_client()
        client.post("/sign-in", data={"email": "somebody@example.com", "password": PASSWORD})
        yield Installation(request.param, app, client, replica, there, sent)
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
    finally:
        for process in started:
            process.kill()


def counter(sent: dict[str, int], name: str) -> Callable[..., None]:
    """Count a statement that reads records."""

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent[name] += "FROM article" in statement

    return count


def save(here: Installation, title: str) -> None:
    with here.app.app_context(), Session(db.engine) as session:
        make_article(session, title=title)


def test_lists_are_read_from_the_replica_and_show_what_was_just_saved(here: Installation) -> None:
    for number in range(20):
        save(here, f"Saved {number}")
        page, read_from = here.list()
        assert f"Saved {number}" in page
        assert read_from == REPLICA
    export = here.client.get("/admin/article/export/csv/").text
    assert "Saved 19" in export
    # A form is read where it is written.
    before = here.sent[REPLICA]
    assert here.client.get("/admin/article/edit/?id=1").status_code == 200
    assert here.sent[REPLICA] == before
    # It lags: the page shows what was saved all the same.
    processes.execute(here.replica_address, PAUSE[here.kind])
    save(here, "While it stood still")
    page, read_from = here.list()
    assert "While it stood still" in page
    assert read_from == "primary"
    assert "While it stood still" in here.client.get("/admin/article/export/csv/").text
    processes.execute(here.replica_address, GO_ON[here.kind])
    processes.wait_for(lambda: here.list()[1] == REPLICA)
    save(here, "After it went on")
    page, read_from = here.list()
    assert ("After it went on" in page, read_from) == (True, REPLICA)
    check = here.app.test_cli_runner().invoke
    assert "lists are read from it" in " ".join(check(args=["ops", "check"]).output.split())
    # It is gone.
    here.replica.kill()
    page, read_from = here.list()
    assert ("After it went on" in page, read_from) == (True, "primary")
    assert here.client.get("/readyz").status_code == 200
    assert "not from the replica: it does not answer" in " ".join(check(args=["ops", "check"]).output.split())
    # And left alone for a while, so that nobody waits for it again and again.
    assert here.app.extensions["backoffice.replica"].rests_until > replica_module.monotonic()
