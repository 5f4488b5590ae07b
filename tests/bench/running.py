"""One run: all that was asked for, in an order in which nothing disturbs the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.bench import report
from tests.bench.contenders import Contender
from tests.bench.forms import measure_form
from tests.bench.loading import Database
from tests.bench.loads import Exported, Started, Throughput, export, start, throughput
from tests.bench.machine import described
from tests.bench.measuring import Measured, Seat, address_of, measure, seated
from tests.bench.meters import meter_for
from tests.bench.report_jobs import Jobs
from tests.bench.running_jobs import ALL, PARTS, measure_jobs
from tests.bench.tasks import FORMS, TASKS
from tests.bench.upgrading import Upgraded, measure_upgrade

UPGRADE = "upgrade"
MORE = ("csv", "throughput", "start", "growth", ALL, *PARTS, UPGRADE)
SECONDS_OF_LOAD, STARTS = 5.0, 5
# Who is asked at both sizes, and what not: the others' curves are known, and counting off 7,500,000 rows is in
# proportion for everybody.
GROWING, IN_PROPORTION = ("product",), ("deep", "step")
Say = Callable[[str], object]


@dataclass(frozen=True)
class Plan:
    """What is measured where."""

    database: Database
    larger: Database
    contenders: Sequence[Contender]
    only: tuple[str, ...]
    rounds: int

    def wants(self, key: str) -> bool:
        """Whether a task belongs to this run."""
        return not self.only or key in self.only or (key in PARTS and ALL in self.only)

    @property
    def titles(self) -> dict[str, str]:
        return {each.key: each.title for each in self.contenders}

    @property
    def grows(self) -> bool:
        """Whether there is a larger database to compare with."""
        return (
            self.wants("growth") and self.larger.world.articles > self.database.world.articles and self.larger.ready()
        )


@dataclass
class Results:
    """What has been measured so far."""

    machine: list[str] = field(default_factory=list)
    lists: list[Measured] = field(default_factory=list)
    exports: list[Exported] = field(default_factory=list)
    throughputs: list[Throughput] = field(default_factory=list)
    starts: list[Started] = field(default_factory=list)
    growth: list[Measured] = field(default_factory=list)
    jobs: Jobs = field(default_factory=Jobs)
    upgrades: list[Upgraded] = field(default_factory=list)

    def text(self, plan: Plan) -> str:
        """As Markdown, what there is of it."""
        parts = ["\n".join(f"- {line}" for line in self.machine)]
        for found, draw in (
            (self.lists, report.lists),
            (self.exports, report.exports),
            (self.throughputs, report.throughputs),
            (self.starts, report.starts),
            (self.growth, report.growth),
            (self.upgrades, report.upgrades),
        ):
            if found:
                parts.append(draw(found, plan.titles))
        return "\n\n".join([*parts, *self.jobs.texts()])

    def as_dict(self) -> dict[str, Any]:
        """For the file: every single time."""
        return {
            "machine": self.machine,
            "lists": [run.as_dict() for run in self.lists],
            "exports": [asdict(run) for run in self.exports],
            "throughputs": [asdict(run) for run in self.throughputs],
            "starts": [asdict(run) for run in self.starts],
            "growth": [run.as_dict() for run in self.growth],
            "jobs": self.jobs.as_dict(),
            "upgrades": [run.as_dict() for run in self.upgrades],
        }


def run(plan: Plan, results: Results, say: Say) -> None:
    """Do all of it; what was measured stays in `results`, also when an answer is wrong."""
    results.machine = described(plan.database)
    if not plan.only or set(plan.only) - {ALL, *PARTS, UPGRADE}:
        _pages(plan, results, say)
    ours = next(each for each in plan.contenders if each.key == "product")
    if any(plan.wants(part) for part in PARTS):
        measure_jobs(ours, plan.database, plan.wants, plan.rounds, results.jobs, say)
    if plan.wants(UPGRADE) and plan.database.backend != "sqlite":
        results.upgrades = measure_upgrade(plan.database, ours.folder, plan.rounds, say)
    if plan.grows:
        _growth(plan, results, say)


def _pages(plan: Plan, results: Results, say: Say) -> None:
    """What everybody is asked."""
    with ExitStack() as stack:
        meter = stack.enter_context(meter_for(plan.database))
        with seated(plan.contenders, plan.database, meter) as seats:
            for task in TASKS:
                if plan.wants(task.key):
                    say(f"  {task.title}")
                    results.lists += measure(task, seats, plan.rounds)
            for form in FORMS:
                if plan.wants(form.key):
                    say(f"  {form.title}")
                    results.lists += measure_form(form, seats, plan.rounds)
            if plan.wants("csv"):
                for seat in seats:
                    if seat.contender.export:
                        say(f"  CSV of all articles: {seat.contender.title}")
                        results.exports.append(export(seat))
            pages = [_page(seat) for seat in seats]
        # Beside what is under load, or starting, nothing else serves.
        _loads(plan, results, pages, say)


def _page(seat: Seat) -> tuple[Contender, str, str, dict[str, str]]:
    path = address_of(TASKS[0], seat)
    return seat.contender, seat.meter.address(seat.contender.key), path, seat.server.client.cookies


def _loads(plan: Plan, results: Results, pages: Sequence[tuple[Contender, str, str, dict[str, str]]], say: Say) -> None:
    if plan.wants("throughput"):
        for contender, url, path, cookies in pages:
            say(f"  requests a second: {contender.title}")
            results.throughputs.append(throughput(contender, url, path, cookies, SECONDS_OF_LOAD))
    if plan.wants("start"):
        say("  starting")
        results.starts = start(pages, STARTS)


def _growth(plan: Plan, results: Results, say: Say) -> None:
    """The same pages on both databases, in turn."""
    plan.larger.make(say)
    growing = [each for each in plan.contenders if each.key in GROWING]
    with ExitStack() as stack:
        seats: list[Seat] = []
        for database in (plan.database, plan.larger):
            meter = stack.enter_context(meter_for(database))
            seats += stack.enter_context(seated(growing, database, meter))
        for task in TASKS:
            if task.key not in IN_PROPORTION and (plan.only in ((), ("growth",)) or task.key in plan.only):
                say(f"  growth: {task.title}")
                results.growth += measure(task, seats, plan.rounds)
