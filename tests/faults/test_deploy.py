"""A deploy: two replicas of a version behind a proxy become the next one and go back, and nobody notices.

The next version adds a column. Its schema stays when its code goes. Small by default, and on MariaDB or MySQL alone;
all of it, with figures: DEPLOY_PEOPLE=20 DEPLOY_ROWS=200000 DEPLOY_SECONDS=20 pytest -s tests/faults/test_deploy.py
"""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep
from typing import IO, Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.extensions import db
from backoffice.models import Article, AuditBatch, AuditEntry, User
from backoffice.records.auditing import NOTED
from backoffice.records.batches import is_batch, records_in
from tests.conftest import PASSWORD
from tests.databases import Databases
from tests.factories import NOON
from tests.faults.checkouts import Checkout, make_checkouts
from tests.faults.deploying import Figures, Person, saving
from tests.faults.job_ledger import check_job, job_of, wait_until_ended
from tests.faults.ledger import Ledger
from tests.faults.processes import Process, wait_for
from tests.faults.proxy import Proxy, proxying
from tests.faults.workers import Worker

PEOPLE, ROWS = int(os.environ.get("DEPLOY_PEOPLE", "6")), int(os.environ.get("DEPLOY_ROWS", "4000"))
# How long people save in each state of affairs beside what the deploy itself takes.
SECONDS = float(os.environ.get("DEPLOY_SECONDS", "1.5"))
USERS_EACH, PAUSE = 3, 0.6
# The job takes longer than the first two versions have, so that all three of them work on it.
CHUNKS, CHUNK_PAUSE = 200, 0.5
# Each takes half a minute.
DATABASES = pytest.mark.server_only if "DEPLOY_PEOPLE" in os.environ else pytest.mark.mysql_only
CHANGED = sa.select(AuditEntry).where(AuditEntry.table_name == "article", AuditEntry.action == "update")


class Deployment:
    """Two replicas behind a proxy and a worker beside them, on one database; each is of one of two checkouts."""

    def __init__(self, url: str, folder: Path, proxy: Proxy, stack: ExitStack) -> None:
        self.url, self.folder, self.proxy, self.stack = url, folder, proxy, stack
        self.log: IO[bytes] = stack.enter_context((folder / "served.log").open("ab"))
        self.replicas: list[Process] = []
        self.worker: Worker | None = None
        self.number = 0

    def start(self, checkout: Checkout) -> None:
        """One more replica, until it is ready."""
        replica = checkout.server(self.url, self.folder, self.log)
        self.stack.callback(replica.kill)
        replica.start()
        self.proxy.replicas[replica.port] = False
        wait_for(lambda: self.proxy.replicas[replica.port], 60)
        self.replicas.append(replica)

    def replace(self, checkout: Checkout) -> None:
        """A rolling restart: a replica ends with what it has in hand, a new one is ready, then the next."""
        for old in list(self.replicas):
            assert old.running is not None
            old.running.send_signal(signal.SIGTERM)
            assert old.running.wait(60) == 0, (self.folder / "served.log").read_text()
            self.replicas.remove(old)
            del self.proxy.replicas[old.port]
            self.start(checkout)

    def work(self, checkout: Checkout, pause: float) -> None:
        """The worker ends with its chunk, and one of this version goes on."""
        if self.worker is not None:
            assert self.worker.end() == 0, self.worker.log
        self.number += 1
        plan: dict[str, Any] = {"table": "article", "most": ROWS // CHUNKS, "pause": pause, "lease": 30}
        worker = Worker(self.url, self.folder / f"worker{self.number}", root=checkout.root, **plan)
        self.worker = self.stack.enter_context(worker)

    def schemas(self) -> list[str]:
        """How the schema stands to each replica, as /readyz tells it."""
        return [self._schema(replica.port) for replica in self.replicas]

    def _schema(self, port: int) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
            return str(json.load(answer)["schema"]["state"])


@contextmanager
def deployed(url: str, folder: Path) -> Iterator[Deployment]:
    """Nothing of it outlives the test."""
    with proxying() as proxy, ExitStack() as stack:
        yield Deployment(url, folder, proxy, stack)


@pytest.fixture
def checkouts(tmp_path: Path) -> tuple[Checkout, Checkout]:
    """The older version and the newer one."""
    return make_checkouts(tmp_path)


@pytest.fixture
def old_app(backend: str, databases: Databases, checkouts: tuple[Checkout, Checkout]) -> Flask:
    """For this process to look with: on a database whose schema is the older version's."""
    older, _newer = checkouts
    app = databases.make_app(databases.create(backend))
    with app.app_context():
        flask_migrate.upgrade(directory=str(older.root / "migrations"))
        columns = {column["name"] for column in sa.inspect(db.engine).get_columns("user")}
        db.engine.dispose()
    assert "address" not in columns
    return app


def fill(session: Session) -> list[int]:
    """The users that people save, and the articles of the job; the keys of the users."""
    moments = {"created_at": NOON, "updated_at": NOON, "version": 1}
    users = [
        {"username": f"user{n}", "email": f"user{n}@example.com", "name": f"Name {n}", **moments}
        for n in range((PEOPLE + 1) * USERS_EACH)
    ]
    session.execute(sa.insert(User), users)
    for start in range(0, ROWS, 10_000):
        articles = [{"title": f"Article {n}", "content": ""} for n in range(start, min(ROWS, start + 10_000))]
        session.execute(sa.insert(Article), articles)
    session.commit()
    keys = list(session.scalars(sa.select(User.id).order_by(User.id)))
    # The upgrade would wait for a transaction that has read them.
    session.rollback()
    return keys


@DATABASES
def test_a_deploy_and_its_way_back_fail_nobody_and_lose_nothing(
    old_app: Flask, checkouts: tuple[Checkout, Checkout], tmp_path: Path, backend: str
) -> None:
    older, newer = checkouts
    url = str(old_app.extensions["backoffice"].database_url)
    figures, ledger = Figures(), Ledger(model=User)
    with old_app.app_context(), Session(db.engine, info=NOTED) as session, deployed(url, tmp_path) as here:
        users = fill(session)
        emails = [f"person{number}@example.com" for number in range(PEOPLE + 1)]
        # Before anything serves: that would make a first account by itself.
        for email in emails:
            accounts.create(email, "admin", PASSWORD)
        with figures.phase("starting"):
            for _replica in range(2):
                here.start(older)
        people = [Person(here.proxy.address, users[n :: PEOPLE + 1], figures, ledger) for n in range(PEOPLE + 1)]
        for person, email in zip(people, emails, strict=True):
            person.sign_in(email, PASSWORD)
        # One of them leaves forms open for long, and sends them to whichever version is there by then.
        patient = people.pop()
        job = patient.start_job()
        with saving(people, PAUSE) as fill_addresses:
            first, second, third = patient.users
            of_older = {user: patient.open_user(user) for user in (first, second)}
            here.work(older, CHUNK_PAUSE)
            with figures.phase("the older version"):
                sleep(SECONDS)
            with figures.phase("flask db upgrade"):
                upgraded = newer.flask(url, tmp_path, "db", "upgrade")
                assert upgraded.returncode == 0, upgraded.stdout
            assert here.schemas() == ["ahead", "ahead"]
            at = [job_of(session, job).position]
            with figures.phase("rolling forward"):
                here.work(newer, CHUNK_PAUSE)
                here.replace(newer)
            assert here.schemas() == ["ready", "ready"]
            fill_addresses(True)
            with figures.phase("the newer version"):
                assert patient.send(first, of_older[first], "name", "By the newer from the older's form")
                for user in (second, third):
                    assert patient.send(user, patient.open_user(user), "address", f"Address of {user}")
                of_newer = patient.open_user(third)
                assert "address" in of_newer
                sleep(SECONDS)
            fill_addresses(False)
            at.append(job_of(session, job).position)
            with figures.phase("rolling back"):
                here.work(older, 0)
                here.replace(older)
            assert here.schemas() == ["ahead", "ahead"]
            with figures.phase("the older version again"):
                assert patient.send(second, of_older[second], "name", "By the older from a form before all")
                assert patient.send(third, of_newer, "name", "By the older from the newer's form")
                assert "address" not in patient.open_user(third)
                sleep(SECONDS)
            with figures.phase("ending"):
                wait_until_ended(session, [job], seconds=300)
        assert here.worker is not None
        assert here.worker.end() == 0, here.worker.log
        print(f"\n{backend}: {PEOPLE} people, a job of {ROWS:,} rows, {at} of them done by each deploy\n  {figures}")
        assert 0 < at[0] < at[1] < ROWS, "each version works on the job"
        assert not figures.failed
        assert any(column == "address" for _user, column, _value in ledger.lines)
        ledger.check(session)
        check_values(session, ledger, users)
        check_published(session, job)


def check_values(session: Session, ledger: Ledger, users: list[int]) -> None:
    """Each field holds what was acknowledged last, or what was there before anybody came."""
    expected: dict[tuple[int, str], str | None] = {}
    for number, user in enumerate(users):
        seeds = {"username": f"user{number}", "email": f"user{number}@example.com", "name": f"Name {number}"}
        expected |= {(user, column): value for column, value in {**seeds, "address": None}.items()}
    expected |= {(user, column): value for user, column, value in ledger.lines}
    found = {user.id: user for user in session.scalars(sa.select(User))}
    assert {(user, column): getattr(found[user], column) for user, column in expected} == expected


def check_published(session: Session, job: int) -> None:
    """The job changed each article once, and the history tells of each once, with the moment that it holds."""
    check_job(session, job, changed=ROWS)
    session.rollback()
    held = {
        str(key): (version, moment)
        for key, version, moment in session.execute(sa.select(Article.id, Article.version, Article.published_at))
    }
    assert len(held) == ROWS
    assert {version for version, _moment in held.values()} == {2}
    assert None not in {moment for _version, moment in held.values()}
    entries = session.scalars(CHANGED.order_by(AuditEntry.id)).all()
    packed = session.scalar(sa.select(sa.func.sum(AuditBatch.count)).where(AuditBatch.table_name == "article")) or 0
    assert sum(not is_batch(entry) for entry in entries) + int(packed) == ROWS
    told = {entry.record_key: entry for entry in records_in(session, entries)}
    assert told.keys() == held.keys()
    assert all(set(entry.changes) == {"published_at"} for entry in told.values())
