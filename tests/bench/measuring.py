"""Asks everybody in turn, checks every answer, and keeps the times."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.bench.client import Answer, WrongAnswer
from tests.bench.contenders import Contender
from tests.bench.loading import Database
from tests.bench.meters import Meter
from tests.bench.servers import Server
from tests.bench.tasks import YARDSTICK, Task, expected_rows, same_titles

# A page that takes long is asked for less often.
FEWEST, SECONDS_A_PAGE, WARM_UPS = 5, 8.0, 2
# Pages that people come to by a link of another one, which a contender may lead on by.
LINKED = {"step": ("deep", "next"), "end": ("last", "prev")}


@dataclass
class Measured:
    """One contender at one task."""

    contender: str
    articles: int
    task: str
    path: str
    seconds: list[float] = field(default_factory=list)
    # Seconds of a processor in the contender's own process, which other work on the machine does not make longer.
    cpu: list[float] = field(default_factory=list)
    # What the yardstick took in the same rounds: the speed of the machine then.
    pace: list[float] = field(default_factory=list)
    statements: int | None = None
    rows_read: int | None = None
    bytes: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """The time that nineteen of twenty answers kept within."""
        return sorted(self.seconds)[math.ceil(0.95 * len(self.seconds)) - 1]

    @property
    def own_cpu(self) -> float:
        return statistics.median(self.cpu)

    @property
    def slowness(self) -> float | None:
        """How many times as long the yardstick took as where the goals were set; None without one."""
        return statistics.median(self.pace) / YARDSTICK if self.pace else None

    @property
    def enough(self) -> bool:
        """Whether another round would tell little that is new."""
        return len(self.seconds) >= FEWEST and sum(self.seconds) > SECONDS_A_PAGE

    def as_dict(self) -> dict[str, Any]:
        """For the file."""
        return {**asdict(self), "median": self.median, "p95": self.p95}


@dataclass(frozen=True)
class Seat:
    """A contender's server on a database, and what counts that database's work."""

    server: Server
    database: Database
    meter: Meter

    @property
    def contender(self) -> Contender:
        return self.server.contender

    def ask(self, path: str) -> Answer:
        """A page, which has to be one."""
        answer = self.server.client.get(path)
        if answer.status != 200:
            raise WrongAnswer(f"{self.contender.title} answers {path} with {answer.status}:\n{answer.text[:2000]}")
        return answer


@contextmanager
def seated(contenders: Sequence[Contender], database: Database, meter: Meter) -> Iterator[list[Seat]]:
    """All of them at once, each signed in as its own way is."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(each, meter.address(each.key))) for each in contenders]
        for each in servers:
            each.contender.sign_in(each.client)
        yield [Seat(server, database, meter) for server in servers]


def measure(task: Task, seats: Sequence[Seat], rounds: int) -> list[Measured]:
    """One task: find each one's address, warm up, ask in turn, and look once at what it costs the database."""
    runs = []
    for seat in seats:
        if path := address_of(task, seat):
            run = Measured(seat.contender.key, seat.database.world.articles, task.key, path)
            runs.append((seat, run, seat.ask(path).rows))
    for turn in range(rounds + WARM_UPS):
        pace = _pace(seats)
        for seat, run, right in runs:
            run.pace += [pace] if pace and turn >= WARM_UPS else []
            if not run.enough:
                _ask(seat, run, right, counts=turn >= WARM_UPS)
    settled([(seat, run.path) for seat, run, _right in runs])
    for seat, run, _right in runs:
        _count(seat, run)
    return [run for _, run, _ in runs]


def _pace(seats: Sequence[Seat]) -> float | None:
    """One page of the yardstick; None where it is not measured."""
    for seat in seats:
        if seat.contender.is_yardstick:
            return seat.ask(seat.contender.addresses(seat.database.world)["newest"][0]).seconds
    return None


def _ask(seat: Seat, run: Measured, right: list[int], *, counts: bool) -> None:
    before = seat.server.cpu()
    answer = seat.ask(run.path)
    after = seat.server.cpu()
    if answer.rows != right:
        raise WrongAnswer(f"{seat.contender.title} answers {run.path} now so, now so")
    run.bytes = len(answer.body)
    if counts:
        run.seconds.append(answer.seconds)
        run.cpu += [after - before] if before is not None and after is not None else []


def _count(seat: Seat, run: Measured) -> None:
    """One more page, between two looks at the database's counters; twice, and the lower counts.

    Now and then a process asks something that is no page's: what operators tell, or that it is at work.
    """
    counted = []
    for _ in range(2):
        with seat.meter.counting(run.contender) as readings:
            seat.ask(run.path)
        counted += readings
    lowest = min(counted, key=lambda reading: (reading.statements or 0, reading.rows or 0))
    run.statements, run.rows_read = lowest.statements, lowest.rows


def settled(asked: Sequence[tuple[Seat, str]]) -> None:
    """Ask all twice, as each may use two connections, which then tell the database's counters what they did before."""
    for _ in range(2):
        time.sleep(max((seat.meter.pause for seat, _path in asked), default=0))
        for seat, path in asked:
            seat.ask(path)


# -- addresses and right answers ---------------------------------------------------------------------------------------


def address_of(task: Task, seat: Seat) -> str:
    """A contender's address of a task: of those it knows the first that is answered rightly; "" where it has none."""
    with seat.database.engine().connect() as connection:
        expected = expected_rows(connection, task, seat.database.world)
        wrong = []
        for path in _addresses(task, seat):
            answer = seat.server.client.get(path)
            if answer.status == 200 and _is_right(seat.contender, task, connection, answer.rows, expected):
                return path
            wrong.append(f"{path}: {answer.status}, rows {answer.rows}")
    if wrong:
        raise WrongAnswer(
            f"{seat.contender.title} answers “{task.title}” wrongly.\n" + "\n".join(wrong) + f"\nRight: {expected}"
        )
    return ""


def _addresses(task: Task, seat: Seat) -> tuple[str, ...]:
    """What to try; where a contender's pages lead on by a link, the link on each page that may be the one before."""
    known = seat.contender.addresses(seat.database.world)
    if task.key not in LINKED or not seat.contender.links_on:
        return known.get(task.key, ())
    start, rel = LINKED[task.key]
    pages = [seat.server.client.get(path) for path in known[start]]
    return tuple(page.link(rel) for page in pages if page.status == 200)


def _is_right(contender: Contender, task: Task, connection: Any, rows: list[int], expected: list[int]) -> bool:
    """Whether these are the rows, in order; who leaves ties open may show another of the same title."""
    if rows == expected or task.key != "title" or contender.orders_ties:
        return rows == expected
    return len(rows) == len(expected) and same_titles(connection, rows, expected)
