"""Workers that start before the schema is there, as real processes: they wait, say so, and go on or end when told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.admin.working import worker
from backoffice.extensions import db
from tests.databases import Databases
from tests.faults.processes import ROOT, environment, wait_for

Start = Callable[..., "Running"]


class Running:
    """A `flask jobs work`, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log

    def says(self, words: str) -> None:
        wait_for(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said, self.said

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")


@contextmanager
def working(url: str, folder: Path, *arguments: str) -> Iterator[Running]:
    """One of them, which nothing outlives."""
    folder.mkdir()
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "jobs", "work", *arguments],
            cwd=ROOT, env=environment(url, folder), stdout=file, stderr=file,
        )  # fmt: skip
    try:
        yield Running(process, log)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def url(backend: str, databases: Databases) -> str:
    """An empty database."""
    return databases.create(backend)


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Start]:
    """`start("--until-idle")` starts a worker."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(
            working(url, tmp_path / f"worker-{time.monotonic_ns()}", *arguments)
        )


def test_a_worker_that_is_early_waits_and_goes_on_by_itself(url: str, databases: Databases, start: Start):
    lasting, passing = start(), start("--until-idle")
    for each in (lasting, passing):
        each.says("waiting for the schema, and looking again by itself: The schema is at its beginning")
    app = databases.make_app(url)
    with app.app_context():
        flask_migrate.upgrade(revision="0003")
        lasting.says("The schema is at 0003, and this version needs ")
        assert passing.process.poll() is None
        flask_migrate.upgrade()
    assert passing.process.wait(30) == 0, passing.said
    lasting.says("is at work")
    lasting.process.send_signal(signal.SIGTERM)
    assert lasting.process.wait(30) == 0, lasting.said
    assert "Worker has ended." in lasting.said
    assert "Traceback" not in lasting.said + passing.said
    states = [line.split("itself: ")[1] for line in lasting.said.splitlines() if "itself: " in line]
    assert len(states) == len(set(states)), "each is told once, however long it lasts"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_at_once(how: signal.Signals, start: Start):
    early = start()
    early.says("waiting for the schema")
    early.process.send_signal(how)
    # Nobody upgrades: a wait that a signal did not end would last for good.
    assert early.process.wait(10) == 0, early.said
    assert "Worker has ended." in early.said
    assert "is at work" not in early.said


@pytest.mark.server_only
def test_a_database_that_goes_away_meanwhile_is_waited_for_as_well(url: str, databases: Databases, start: Start):
    early = start()
    early.says("waiting for the schema")
    app = databases.make_app(url)
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            kill = "SELECT pg_terminate_backend({})"
        else:
            others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            kill = "KILL {}"
        [own] = connection.scalars(sa.text(others)).all()
        connection.execute(sa.text(kill.format(own)))
        connection.rollback()
        flask_migrate.upgrade()
    early.says("is at work")


@pytest.mark.sqlite_only
def test_a_worker_that_does_not_answer_to_a_database_ends_with_the_reason(tmp_path: Path, backend: str):
    with working("mysql://nobody@127.0.0.1:1/none", tmp_path / "away") as early:
        assert early.process.wait(30) == 2
        assert "cannot be reached" in early.said


def test_the_worker_beside_the_pages_takes_up_nothing_before_the_schema_is_there(url: str, databases: Databases):
    app: Flask = databases.make_app(url)
    beside = worker(app)
    assert beside.held()
    assert not beside.work_once()
    with app.app_context():
        flask_migrate.upgrade()
    app.extensions["backoffice.gate"].next_look = 0.0
    assert not beside.held()
    assert not beside.work_once(), "there is nothing to do"
