"""Ten people who save articles by their forms, without and with a job over all articles at work."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

import sqlalchemy as sa

from tests.bench.client import Client, WrongAnswer
from tests.bench.contenders import Contender
from tests.bench.forms import fields
from tests.bench.jobs import connected, plain
from tests.bench.loading import Database
from tests.bench.proof import ARTICLE, ENTRY, Range, told
from tests.bench.stages import LOOKING, Stage, stage
from tests.bench.world import World

PEOPLE, ARTICLES_EACH = 10, 4
# How long each of them saves, and thinks in between.
SECONDS, THINKS = 30.0, (0.5, 1.5)
TITLE = "title"


@dataclass
class Saves:
    """What ten people waited for their saves, in seconds; what went wrong, in words."""

    title: str
    seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # Rows that jobs had changed meanwhile.
    changed: int = 0

    def at(self, share: float) -> float:
        """The time that this share of the saves kept within."""
        return sorted(self.seconds)[max(0, math.ceil(share * len(self.seconds)) - 1)]


def saved_articles(world: World) -> list[int]:
    """Those that are saved, anywhere in the table: so many to each person."""
    count = PEOPLE * ARTICLES_EACH
    return [1 + place * (world.articles - 1) // count for place in range(count)]


def save_beside_jobs(contender: Contender, database: Database, seconds: float) -> list[Saves]:
    """First without a job, then with one after another."""
    alone, beside = Saves("nothing else at work"), Saves("a job over all rows at work")
    rows = Range(1, database.world.articles)
    with stage(contender, database, LOOKING) as here, connected(database) as connection:
        plain(database, rows, None)
        clients = [here.another() for _ in range(PEOPLE)]
        _save(connection, database.world, clients, Saves("warming up"), min(3.0, seconds))
        _save(connection, database.world, clients, alone, seconds)
        with Jobs(here, connection, rows, beside):
            _save(connection, database.world, clients, beside, seconds)
    return [alone, beside]


class Jobs:
    """A context with jobs over all rows at work, one after another, the first of them already begun."""

    def __init__(self, here: Stage, connection: sa.Connection, rows: Range, run: Saves) -> None:
        self.here, self.connection, self.rows, self.run = here, connection, rows, run
        self.begun, self.over = threading.Event(), threading.Event()
        self.jobs: list[int] = []
        self.problem: BaseException | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Jobs:
        self.thread.start()
        self.begun.wait(600)
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        self.thread.join()
        if self.problem is not None:
            raise self.problem
        for job in self.jobs:
            told(self.connection, job, self.rows.count)
        self.run.changed = self.rows.count * len(self.jobs)

    def _work(self) -> None:
        try:
            for action in cycle(("publish", "withdraw")):
                confirmed = self.here.person.confirms(self.here.person.asked(action), self.rows.count)
                self.jobs.append(confirmed.job)
                self.begun.set()
                self.here.person.waits_for(confirmed.job)
                if self.over.is_set():
                    return
        except BaseException as problem:
            self.problem = problem
        finally:
            self.begun.set()


def _save(connection: sa.Connection, world: World, clients: Sequence[Client], run: Saves, seconds: float) -> None:
    """Everybody saves until the time is over; then SQL has to tell of every one of it."""
    keys = saved_articles(world)
    last = int(connection.scalar(sa.select(sa.func.max(ENTRY.c.id))) or 0)
    people = [
        Saver(client, keys[place::PEOPLE], world, run, Random(place))  # noqa: S311 - no secret depends on it
        for place, client in enumerate(clients)
    ]
    ends = time.perf_counter() + seconds
    threads = [threading.Thread(target=person.save_until, args=(ends,), daemon=True) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _check(connection, people, last, run)


def _check(connection: sa.Connection, people: Sequence[Saver], last: int, run: Saves) -> None:
    titles = {key: title for person in people for key, title in person.titles.items()}
    there = connection.execute(sa.select(ARTICLE.c.id, ARTICLE.c.title).where(ARTICLE.c.id.in_(titles))).all()
    wrong = [key for key, title in there if titles[key] != title]
    entries = sa.select(sa.func.count()).select_from(ENTRY).where(
        ENTRY.c.id > last, ENTRY.c.table_name == "article", ENTRY.c.record_key.in_([str(key) for key in titles])
    )  # fmt: skip
    told_of = connection.scalar(entries)
    if wrong or told_of != len(run.seconds):
        raise WrongAnswer(
            f"“{run.title}”: articles {wrong} do not have their last title, and the history tells of {told_of} saves "
            f"and not of {len(run.seconds)}; {run.problems[:3]}"
        )


class Saver:
    """Somebody who opens one of their articles after the other and saves it with another title."""

    def __init__(self, client: Client, keys: Sequence[int], world: World, run: Saves, random: Random) -> None:
        self.client, self.keys, self.world, self.run, self.random = client, keys, world, run, random
        self.titles: dict[int, str] = {}

    def save_until(self, ends: float) -> None:
        """As often as the time allows, with thoughts in between."""
        for number, key in enumerate(cycle(self.keys)):
            time.sleep(self.random.uniform(*THINKS))
            if time.perf_counter() > ends:
                return
            try:
                self._save(key, f"{self.world.article_row(key - 1)[1][:150]} {time.time_ns()} {number}")
            except (OSError, WrongAnswer) as problem:
                self.run.problems.append(repr(problem)[:500])

    def _save(self, key: int, title: str) -> None:
        path = f"/admin/article/edit/?id={key}"
        page = self.client.get(path)
        if page.status != 200:
            raise WrongAnswer(f"{path} is answered with {page.status}")
        answer = self.client.post(path, {**fields(page.text, TITLE), TITLE: title}.items())
        if answer.status not in (302, 303):
            raise WrongAnswer(f"saving {path} is answered with {answer.status}")
        self.titles[key] = title
        self.run.seconds.append(answer.seconds)
