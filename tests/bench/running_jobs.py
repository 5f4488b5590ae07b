"""The part of a run that is about jobs: in an order in which nothing disturbs the next, and everything put back."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.contenders import Contender, stock
from tests.bench.forms import measure_form
from tests.bench.importing import import_rows
from tests.bench.jobs import publish_all, publish_some
from tests.bench.kept import kept
from tests.bench.loading import Database
from tests.bench.measuring import seated
from tests.bench.meters import Meter
from tests.bench.report_jobs import Jobs
from tests.bench.saving import SECONDS, save_beside_jobs, saved_articles
from tests.bench.stages import ways
from tests.bench.tasks import FORMS

# Ten thousand rows, all rows, ten people beside, and a file of a hundred thousand; `jobs` is all of it.
PARTS = ("jobs-some", "jobs-all", "jobs-saves", "jobs-import")
ALL = "jobs"
# At most so often: some rows, and all of them in both directions.
ROUNDS, CYCLES = 7, 2
Say = Callable[[str], object]


def measure_jobs(
    contender: Contender, database: Database, wants: Callable[[str], bool], rounds: int, found: Jobs, say: Say
) -> None:
    """Those parts that are wanted; what was measured stays in `found`, also when an answer is wrong."""
    with kept(database, saved_articles(database.world)):
        if wants("jobs-some"):
            say("  stock opens an article, which tells this machine's speed")
            found.stock_opens = stock_opens(database, rounds)
            for way in ways():
                say(f"  publish rows that match: {way.title}")
                found.published.append(publish_some(contender, database, way, min(rounds, ROUNDS)))
        if wants("jobs-all"):
            say(f"  publish and withdraw all {database.world.articles:,} rows")
            for done in publish_all(contender, database, min(rounds, CYCLES)):
                found.passes.append(done)
                say(f"    {done.action}: {done.rows / done.seconds:,.0f} rows a second, {done.ratio:.2f} of plain")
        if wants("jobs-saves"):
            say("  ten people save while a job runs")
            found.saves += save_beside_jobs(contender, database, SECONDS if rounds > 1 else 3.0)
        if wants("jobs-import"):
            say("  import a file")
            found.imports.append(import_rows(contender, database))


def stock_opens(database: Database, rounds: int) -> float:
    """What stock takes here and now to open an article."""
    form = next(task for task in FORMS if task.key == "open")
    with seated([stock()], database, Meter(database)) as seats:
        return measure_form(form, seats, rounds)[0].median
