"""Working jobs off within this process: those that are done before the answer, and the worker beside the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from flask import Flask, current_app, flash, redirect, url_for
from flask_babel import ngettext
from sqlalchemy.orm import Session

from backoffice.admin.jobs import view_of
from backoffice.admin.waking import listen, wake, wake_of
from backoffice.extensions import db
from backoffice.i18n import gettext as _
from backoffice.logs import REQUEST_ID, request_id
from backoffice.models import Job
from backoffice.operations import notices
from backoffice.operations.alive import Pulse
from backoffice.operations.readiness import Gate
from backoffice.operations.upgrading.contracts import backfills_over
from backoffice.records import backfills, retention
from backoffice.records.auditing import is_audited
from backoffice.records.importing.starting import CHECK, IMPORT
from backoffice.records.jobs import ledger
from backoffice.records.jobs.worker import Worker

# How long whoever ends the process waits for the worker beside it.
SECONDS_TO_END = 5.0


def worker(app: Flask, stop: Event | None = None) -> Worker:
    """A worker of this application."""

    @contextmanager
    def enter() -> Iterator[Session]:
        # Tasks ask what a page asks: who acts, what they may, in which language. A request within the context of a
        # command, or of another request, would share its answers and its session.
        # A job done before the answer keeps the request's id in the log; one of a worker has none.
        with app.app_context(), app.test_request_context(environ_overrides={REQUEST_ID: request_id()}):
            yield db.session()

    def held() -> bool:
        gate: Gate = app.extensions["backoffice.gate"]
        if gate.is_shut:
            return True
        pulse: Pulse = app.extensions["backoffice.pulse"]
        if pulse.is_due:
            pulse.beat()
        with app.app_context():
            return notices.are_jobs_held()

    settings = app.extensions["backoffice"]
    return Worker(
        enter, at_once=settings.jobs_at_once, lease=settings.job_lease_seconds, stop=stop, wake=wake_of(app),
        chores=_chores, held=held,
    )  # fmt: skip


def _chores(session: Session) -> None:
    """Once a day, what is old is forgotten; what a new column means for old rows is begun."""
    ledger.begin_due(session, retention.KIND, list(retention.PORTIONS), timedelta(days=1))
    begin_backfills(session)


def begin_backfills(session: Session) -> None:
    """Put those into the ledger that are open and not at work."""
    backfills.begin_due(session, over=backfills_over(session.connection()))


@contextmanager
def working_beside(app: Flask) -> Iterator[None]:
    """A worker in a thread of its own for as long as this lasts, unless RUN_WORKER says no."""
    if not app.extensions["backoffice"].run_worker:
        yield
        return
    stop = Event()
    working = worker(app, stop)
    thread = Thread(target=working.run, name="jobs", daemon=True)
    with listen(app):
        thread.start()
        try:
            yield
        finally:
            # The chunk in hand is finished; were it not, its transaction would be rolled back.
            stop.set()
            working.wake.set()
            thread.join(SECONDS_TO_END)


def work_off(job_id: int, back: str, *, at_once: bool) -> Any:
    """Answer whoever started a job: with what it did, where that is done at once, else with its page."""
    # The page's own transaction ends before another works on the same rows.
    db.session.rollback()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own
    if at_once:
        worker(app, Event()).work_once(only=job_id)
    job = ledger.find(db.session(), job_id)
    if job.state != "done":
        wake(app, job.id)
        return redirect(job_url(job))
    for words, category in told(job):
        flash(words, category)
    return redirect(back)


def job_url(job: Job) -> str:
    """The page of a job."""
    return job_url_of(job.id)


def job_url_of(number: int) -> str:
    """The page of the job with this number."""
    return url_for("job.details_view", id=number)


def told(job: Job) -> list[tuple[str, str]]:
    """What a job did, in a sentence for a notice; behind the category the job that can be undone."""
    if job.kind == CHECK:
        return []
    found = view_of(job)
    if job.kind == "bulk" and found is not None and found[1].done is not None:
        words = found[1].done(job.changed)
    elif job.kind == IMPORT:
        words = ngettext("%(num)s record was imported.", "%(num)s records were imported.", job.changed)
    elif job.kind == "undo":
        words = ngettext("%(num)s record is as it was.", "%(num)s records are as they were.", job.changed)
    else:
        words = ngettext("%(num)s record was changed.", "%(num)s records were changed.", job.changed)
    if job.unchanged and job.kind == "bulk":
        words = _("%(done)s %(rest)s", done=words, rest=_("%(count)s were so already.", count=job.unchanged))
    left = job.failed + job.skipped
    if left:
        rest = ngettext("%(num)s was left as it is.", "%(num)s were left as they are.", left)
        words = _("%(done)s %(rest)s", done=words, rest=rest)
    category = "warning" if left else "success" if job.changed else "info"
    # What a job did is taken back from the history.
    can_undo = job.changed and job.kind in ledger.UNDOABLE and found is not None and is_audited(found[0].model)
    return [(words, f"{category}|{job.id}" if can_undo else category)]
