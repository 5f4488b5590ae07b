"""People save and jobs run while a node is killed: nothing acknowledged is lost, and nobody is kept for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.extensions import db
from backoffice.models import Article
from tests.cluster.nodes import EVERYTHING, Cluster
from tests.conftest import PASSWORD
from tests.databases import Databases
from tests.factories import make_articles
from tests.faults import counting, processes
from tests.faults.job_ledger import check_counted, check_job, job_of, wait_until_ended
from tests.faults.ledger import Ledger
from tests.faults.people import Unheard, Visitor
from tests.faults.workers import Worker

PEOPLE, ARTICLES, ROWS, PAUSE = 6, 4, 600, 0.5
# As the replicas name the nodes: all alike, as the documents say, or each another one first.
ORDERS = {"one-writer": ((0, 1, 2), (0, 1, 2)), "two-writers": ((0, 1, 2), (1, 2, 0))}


class Crowd:
    """People at two replicas, who change the same few articles; what was acknowledged and what was not."""

    def __init__(self, ports: list[int], articles: list[int]) -> None:
        self.ports, self.articles = ports, articles
        self.ledger, self.stop, self.lock = Ledger(), Event(), Lock()
        self.saved = [0] * PEOPLE
        # When each request that failed began and how it was answered.
        self.failed: list[tuple[float, str]] = []
        self.slowest = 0.0

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Meanwhile all of them save."""
        threads = [Thread(target=self._work, args=(number,)) for number in range(PEOPLE)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def some_more(self, each: int, seconds: float = 60) -> None:
        """Wait until everybody has saved so often once more."""
        wanted = [saved + each for saved in self.saved]
        processes.wait_for(lambda: all(map(int.__ge__, self.saved, wanted)), seconds)

    def _work(self, number: int) -> None:
        person = Visitor(f"http://127.0.0.1:{self.ports[number % len(self.ports)]}")
        person.sign_in(f"person{number}@example.com", PASSWORD)
        turn = 0
        while not self.stop.is_set():
            turn += 1
            article, value, began = self.articles[(number + turn) % ARTICLES], f"{number} {turn}", monotonic()
            try:
                status = person.save(article, person.open(article), title=value)
                if status != 302:
                    self._fail(began, f"{status}")
            except (AssertionError, Unheard) as problem:
                self._fail(began, str(problem)[:300])
                self.stop.wait(0.05)
                continue
            if status == 302:
                self.ledger.acknowledge(article, "title", value)
                self.saved[number] += 1
            with self.lock:
                self.slowest = max(self.slowest, monotonic() - began)
            self.stop.wait(0.02)

    def _fail(self, began: float, answer: str) -> None:
        with self.lock:
            self.failed.append((began, answer))


@pytest.fixture
def app(cluster: Cluster, database: str, databases: Databases) -> Iterator[Flask]:
    """For this process to look with, on the cluster with its newest schema."""
    made = databases.make_app(cluster.address(database))
    with made.app_context():
        flask_migrate.upgrade()
        for number in range(PEOPLE):
            accounts.create(f"person{number}@example.com", "editor", PASSWORD)
        yield made
        db.engine.dispose()


@pytest.mark.parametrize("order", ORDERS if EVERYTHING else ["one-writer"])
def test_a_killed_node_loses_nothing(order: str, app: Flask, cluster: Cluster, database: str, folder: Path) -> None:
    with Session(db.engine) as session:
        articles = [article.id for article in make_articles(session, ARTICLES)]
        session.commit()
        counting.fill(session, ROWS)
        jobs = [counting.ask(session, 1, ROWS // 2), counting.ask(session, ROWS // 2 + 1, ROWS)]
    with ExitStack() as stack:
        workers: list[Worker] = []
        replicas = [processes.product(cluster.address(database, *nodes), folder) for nodes in ORDERS[order]]
        log = stack.enter_context((folder / "log").open("wb"))
        for replica in replicas:
            replica.options |= {"stdout": log, "stderr": log}
            stack.callback(replica.kill)
            replica.start()
        crowd = Crowd([replica.port for replica in replicas], articles)
        with crowd.saving():
            for number, nodes in enumerate(ORDERS[order]):
                # Their pauses are longer than all that happens to the cluster.
                worker = Worker(cluster.address(database, *nodes), folder / f"worker{number}", most=10, pause=PAUSE)
                workers.append(stack.enter_context(worker))
            crowd.some_more(5)
            before = len(crowd.failed)
            killed = monotonic()
            cluster.nodes[0].process.kill()
            crowd.some_more(1)
            back = monotonic()
            crowd.some_more(5)
            cluster.join(cluster.nodes[0])
            crowd.some_more(5)
        with Session(db.engine) as session:
            positions = [job_of(session, job).position for job in jobs]
            wait_until_ended(session, jobs)
        assert [worker.end() for worker in workers] == [0, 0], workers[0].log + workers[1].log
    failed = [began - killed for began, _answer in crowd.failed[before:]]
    print(
        f"\n{order}: {len(crowd.ledger.lines):,} saves; everybody saves again {back - killed:.1f} s after a node was "
        f"killed, the slowest save {crowd.slowest:.1f} s; {len(failed)} requests failed, {before} before; "
        f"{positions} of {ROWS // 2} rows of two jobs done by then"
    )
    unexpected = [answer for _began, answer in crowd.failed if "500" in answer[:10]]
    assert not unexpected, [unexpected, *(folder / "log").read_text().rpartition(" ERROR ")]
    assert not crowd.failed[:before]
    assert not [answer for began, answer in crowd.failed if began > back], "failures end with the failover"
    with Session(db.engine) as session:
        crowd.ledger.check(session, unheard=len(crowd.failed))
        for job in jobs:
            check_job(session, job, changed=ROWS // 2)
        check_counted(session, ROWS)
        held = session.scalars(sa.select(Article.title).order_by(Article.id)).all()
    for node in cluster.nodes:
        assert [title for (title,) in node.ask("SELECT title FROM article ORDER BY id", database)] == held
