"""Jobs on many rows: how soon ten thousand are done, how fast a million are, and what others notice meanwhile.

Every figure counts once SQL has said that exactly the rows in question were changed and that the history tells of each.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from backoffice.models import utcnow
from tests.bench.client import WrongAnswer
from tests.bench.contenders import Contender
from tests.bench.loading import Database
from tests.bench.people import between
from tests.bench.proof import ARTICLE, Range, Told, history_tells, told
from tests.bench.servers import Process
from tests.bench.stages import LOOKING, Stage, Way, stage

SOME = 10_000
PLAIN_CHUNK = 5_000
SECONDS_OF_SAMPLE = 2.0


# -- so many rows that match -------------------------------------------------------------------------------------------


@dataclass
class Published:
    """Rows that match a filter, published again and again; all in seconds."""

    way: str
    title: str
    rows: int
    # Until the dialog is there; from yes to the end of the job, as its page tells; of that, until the answer to yes.
    dialog: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    # By the ledger: until a worker took the job up, and from then on.
    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    chunks: int = 0
    undone: float = 0.0

    def of(self, name: str) -> float:
        """The median of one of them."""
        return statistics.median(getattr(self, name))


def some_of(database: Database) -> Range:
    """Ten thousand articles in the middle of the table, fewer of a small one."""
    count = min(SOME, database.world.articles * 3 // 4)
    first = (database.world.articles - count) // 2 + 1
    return Range(first, first + count - 1)


def publish_some(contender: Contender, database: Database, way: Way, rounds: int) -> Published:
    """Publish them by the dialog, round after round, and take it back by Undo in the end."""
    rows = some_of(database)
    run = Published(way.key, way.title, rows.count)
    with stage(contender, database, way) as here, connected(database) as connection:
        for number in range(rounds + 1):
            plain(database, rows, None)
            last = _publish_once(here, connection, rows, run if number else Published("", "", 0))
        undone = here.person.undoes(last.id)
        here.person.waits_for(undone.job)
        run.undone = time.perf_counter() - undone.at
        told(connection, undone.job, rows.count)
        rows.must_be(connection, None)
    return run


def _publish_once(here: Stage, connection: sa.Connection, rows: Range, run: Published) -> Told:
    others, versions = rows.others(connection), rows.versions(connection)
    dialog = here.person.asked("publish", between(rows.first, rows.last))
    confirmed = here.person.confirms(dialog, rows.count)
    here.person.waits_for(confirmed.job)
    whole = time.perf_counter() - confirmed.at
    job = told(connection, confirmed.job, rows.count)
    check(connection, job, rows, published=True)
    if rows.others(connection) != others or rows.versions(connection) != versions + rows.count:
        raise WrongAnswer(f"job {job.id} changed other rows, or some of its own twice")
    for name, seconds in (
        ("dialog", dialog.seconds), ("whole", whole), ("answered", confirmed.seconds), ("waited", job.waited),
        ("worked", job.seconds),
    ):  # fmt: skip
        getattr(run, name).append(seconds)
    run.chunks = job.chunks
    return job


def check(connection: sa.Connection, job: Told, rows: Range, *, published: bool) -> None:
    """Whether the rows and the history say what the job has done."""
    at = job.created_at.replace(microsecond=0) if published else None
    rows.must_be(connection, at)
    history_tells(connection, job.id, rows, at)


# -- all rows ----------------------------------------------------------------------------------------------------------


@dataclass
class Pass:
    """All articles, published or withdrawn by a job and by the plainest statements; memory of the worker in bytes."""

    action: str
    rows: int
    # By the ledger, from its start to its end; the dialog and the answer to yes beside.
    seconds: float
    plain: float
    dialog: float
    answered: float
    chunks: int
    before: int | None = None
    most: int | None = None
    after: int | None = None
    samples: list[int] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The job's rate as a part of the plain statements'."""
        return self.plain / self.seconds


def publish_all(contender: Contender, database: Database, cycles: int) -> Iterator[Pass]:
    """Publish and withdraw all, both by the product and by plain statements, so that each pass changes every row."""
    rows = Range(1, database.world.articles)
    with stage(contender, database, LOOKING) as here, connected(database) as connection:
        plain(database, rows, None)
        for _ in range(cycles):
            published = _pass(here, connection, rows, "publish")
            withdrawn_plainly = _plain(database, connection, rows, None)
            published.plain = _plain(database, connection, rows, utcnow().replace(microsecond=0))
            withdrawn = _pass(here, connection, rows, "withdraw")
            withdrawn.plain = withdrawn_plainly
            yield from (published, withdrawn)


def _pass(here: Stage, connection: sa.Connection, rows: Range, action: str) -> Pass:
    dialog = here.person.asked(action)
    here.working.forget_peak()
    before = here.working.memory()
    with sampled(here.working) as samples:
        confirmed = here.person.confirms(dialog, rows.count)
        here.person.waits_for(confirmed.job)
    after, most = here.working.memory(), here.working.peak()
    job = told(connection, confirmed.job, rows.count)
    check(connection, job, rows, published=action == "publish")
    return Pass(
        action,
        rows.count,
        job.seconds,
        0.0,
        dialog.seconds,
        confirmed.seconds,
        job.chunks,
        before,
        most,
        after,
        samples,
    )


def _plain(database: Database, connection: sa.Connection, rows: Range, at: datetime | None) -> float:
    seconds = plain(database, rows, at)
    rows.must_be(connection, at)
    return seconds


def plain(database: Database, rows: Range, at: datetime | None) -> float:
    """The plainest way: a range of keys and a commit at a time; its seconds."""
    values = {"published_at": at, "version": ARTICLE.c.version + 1}
    with database.engine().connect() as connection:
        started = time.perf_counter()
        for first in range(rows.first, rows.last + 1, PLAIN_CHUNK):
            here = ARTICLE.c.id.between(first, min(first + PLAIN_CHUNK - 1, rows.last))
            connection.execute(sa.update(ARTICLE).where(here).values(updated_at=utcnow(), **values))
            connection.commit()
        return time.perf_counter() - started


@contextmanager
def sampled(process: Process) -> Iterator[list[int]]:
    """What the process holds every few seconds meanwhile."""
    samples: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(SECONDS_OF_SAMPLE):
            samples.extend(held for held in (process.memory(),) if held is not None)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


@contextmanager
def connected(database: Database) -> Iterator[sa.Connection]:
    """A look at the rows as they are at each moment."""
    with database.engine(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection
