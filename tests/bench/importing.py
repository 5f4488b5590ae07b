"""A file of a hundred thousand rows: brought, tried out, and carried out as the dry run has shown."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from backoffice.models import utcnow
from tests.bench.client import WrongAnswer
from tests.bench.contenders import Contender
from tests.bench.jobs import connected, plain
from tests.bench.loading import Database
from tests.bench.people import LIST, Person, job_of, token
from tests.bench.proof import Range, entries_of, told
from tests.bench.stages import LOOKING, Stage, stage

ROWS = 100_000
PAGE = f"{LIST}import/"


@dataclass(frozen=True)
class Imported:
    """Seconds: until the file was taken; from yes to the end, and by the ledger, of the dry run and of the import."""

    rows: int
    megabytes: float
    taken: float
    tried: float
    tried_by_ledger: float
    applied: float
    applied_by_ledger: float
    memory: int | None


def import_rows(contender: Contender, database: Database) -> Imported:
    """Articles that are told by their keys get the moment from which on they are published."""
    rows = Range(1, min(ROWS, database.world.articles))
    at = utcnow().replace(microsecond=0)
    content = _csv(rows, at)
    with stage(contender, database, LOOKING) as here, connected(database) as connection:
        plain(database, rows, None)
        others, versions = rows.others(connection), rows.versions(connection)
        here.working.forget_peak()
        taken, form = _brought(here.person, content)
        started = time.perf_counter()
        check = job_of(here.person.client.post(PAGE, form))
        here.person.waits_for(check)
        tried = time.perf_counter() - started
        rows.must_be(connection, None)
        applied, work = _applied(here, check)
        tries, done = told(connection, check, None), told(connection, work, rows.count)
        rows.must_be(connection, at)
        if rows.others(connection) != others or rows.versions(connection) != versions + rows.count:
            raise WrongAnswer(f"the import, job {work}, changed other rows, or some of its own twice")
        _history(connection, work, rows)
        return Imported(
            rows.count, len(content) / 1e6, taken, tried, tries.seconds, applied, done.seconds, here.working.peak()
        )


def _csv(rows: Range, at: datetime) -> bytes:
    lines = [f"{key},{at:%Y-%m-%d %H:%M:%S}" for key in range(rows.first, rows.last + 1)]
    return "\r\n".join(["id,published_at", *lines]).encode()


def _brought(person: Person, content: bytes) -> tuple[float, list[tuple[str, str]]]:
    """Upload the file; the form of its mapping, as it is proposed."""
    page = person.client.get(PAGE)
    found = re.search(r'name="form_id"[^>]*value="([^"]+)"', page.text)
    values = [("csrf_token", token(page)), ("form_id", found[1] if found else "")]
    answer = person.client.upload(PAGE, values, "upload", "rows.csv", content)
    location = next((value for name, value in answer.headers if name.lower() == "location"), "")
    if answer.status not in (302, 303) or "file=" not in location:
        raise WrongAnswer(f"the file is not taken ({answer.status}):\n{answer.text[:2000]}")
    return answer.seconds, list(proposed(person.client.get(location).text))


def proposed(page: str) -> Iterator[tuple[str, str]]:
    """What the form of a mapping would send, unchanged."""
    start = page.find('class="card import-form"')
    if start < 0:
        raise WrongAnswer(f"the page asks for no mapping:\n{page[:2000]}")
    form = page[start : page.index("</form>", start)]
    for tag in re.findall(r"<input[^>]*>", form):
        given = dict(re.findall(r'\s(name|value|type)="([^"]*)"', tag))
        if given.get("type") not in ("checkbox", "radio") or re.search(r"\schecked\b", tag):
            yield given.get("name", ""), html.unescape(given.get("value", ""))
    for name, options in re.findall(r'<select[^>]*name="(to-\d+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        yield name, html.unescape(chosen[1]) if chosen else ""


def _applied(here: Stage, check: int) -> tuple[float, int]:
    """Press Apply below the dry run and wait for its end."""
    confirmed = here.person.presses("apply", check)
    here.person.waits_for(confirmed.job)
    return time.perf_counter() - confirmed.at, confirmed.job


def _history(connection: sa.Connection, job: int, rows: Range) -> None:
    if (count := entries_of(connection, job)) != rows.count:
        raise WrongAnswer(f"the history of the import tells of {count} rows and not of {rows.count}")
