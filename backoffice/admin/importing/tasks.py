"""How workers come to the jobs of an import: as the person who asked, with what they may do at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from backoffice.access.acting import acting_as
from backoffice.admin.base import view_at
from backoffice.admin.importing.applying import Apply
from backoffice.admin.importing.checking import Check
from backoffice.admin.importing.declared import require
from backoffice.errors import BackofficeError, NotAllowed
from backoffice.i18n import gettext as _
from backoffice.models import Job
from backoffice.records import retention
from backoffice.records.importing import kept
from backoffice.records.importing.starting import CHECK, IMPORT
from backoffice.records.jobs import tasks
from backoffice.records.jobs.chunks import Stopped
from backoffice.records.jobs.tasks import Task


def init_app() -> None:
    """Tell the ledger who works on such jobs."""
    tasks.handle(CHECK, _open_check)
    tasks.handle(IMPORT, _open_import)
    retention.also("imports", _prune)


@contextmanager
def _open_check(job: Job) -> Iterator[Task]:
    with acting_as(job.staff_id, f"job {job.id}", job.locale):
        view = importing_view(job)
        require(view, job.arguments["mode"])
        uploads = current_app.extensions["backoffice"].uploads
        yield _made(lambda: Check(view, job, kept.path_of(uploads, job.arguments["file"])))


@contextmanager
def _open_import(job: Job) -> Iterator[Task]:
    with acting_as(job.staff_id, f"job {job.id}", job.locale):
        view = importing_view(job)
        require(view, job.arguments["mode"])
        yield _made(lambda: Apply(view, job))


def _prune(session: Session, before: datetime) -> int:
    return kept.prune(session, before, current_app.extensions["backoffice"].uploads)


def importing_view(job: Job) -> Any:
    """The view whose records a job imports; Stopped where this version has none."""
    view = view_at(job.endpoint)
    if view is None:
        raise Stopped(_("This version knows no such action any more."))
    return view


def _made(make: Any) -> Any:
    """The task; what keeps it from being made ends the job, and no row of it is to blame."""
    try:
        return make()
    except NotAllowed:
        raise
    except BackofficeError as problem:
        raise Stopped(problem.message) from None
