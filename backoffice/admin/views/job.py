"""Jobs in the back-office: what is done to many rows, watched, cancelled, resumed, tried again and undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app, flash, jsonify, redirect, request
from flask_admin import expose
from flask_babel import get_locale
from flask_security import current_user
from markupsafe import Markup

from backoffice.access.guard import SIGNED_IN
from backoffice.access.permissions import may
from backoffice.access.redirects import safe_target
from backoffice.admin.base import BaseRecordView
from backoffice.admin.bulk.view import AT_ONCE
from backoffice.admin.downloads import send_while_made
from backoffice.admin.importing.declared import is_import, require
from backoffice.admin.jobs import (
    STATES,
    is_own_import,
    is_too_old,
    job_page,
    may_see_rows,
    percent_of,
    person_of,
    result_of,
    state_of,
    title_of,
    view_of,
)
from backoffice.admin.presenters import Link
from backoffice.admin.record_view import RecordView
from backoffice.admin.waking import wake
from backoffice.admin.working import work_off
from backoffice.errors import Conflict, NotAllowed
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.i18n import lazy_pgettext
from backoffice.models import Job
from backoffice.operations import notices
from backoffice.records.importing.starting import CHECK, IMPORT, carry_out
from backoffice.records.importing.verdicts import CHANGED, NEW, counts, left_rows, wrong_rows
from backoffice.records.jobs import ledger
from backoffice.records.jobs.outcomes import as_csv

READ = (
    "index_view", "count_view", "filter_view", "arrange_view", "saved_view_new", "saved_view_edit", "saved_view_change",
    "saved_view_delete", "details_view", "progress_view", "mine_view", "failed_view", "pause_view", "cancel_view",
    "resume_view", "retry_view", "undo_view", "apply_view",
)  # fmt: skip


def _title(_view: BaseRecordView, _context: Any, job: Job, _name: str) -> str:
    return title_of(job)


def _state(_view: BaseRecordView, _context: Any, job: Job, _name: str) -> Markup:
    label, tone, _icon = state_of(job)
    return Markup('<span class="badge-state badge-{}">{}</span>').format(tone, label)


def _person(_view: BaseRecordView, _context: Any, job: Job, _name: str) -> str:
    return person_of(job)


class JobView(RecordView):
    """Everybody sees their own jobs; who holds `job:read` sees all. What may be done with one depends on its action."""

    singular_name = _l("Job")
    job_template = "admin/model/job.html"
    can_create = False
    can_edit = False
    can_delete = False
    can_export = False
    column_list = (
        "id", "action", "person", "state", "length", "changed", "failed", "created_at",
    )  # fmt: skip
    column_filters = ("id", "person", "state", "kind", "endpoint", "created_at", "finished_at", "failed", "changed")
    column_sortable_list: Any = ("id", "created_at", "finished_at", "changed", "failed", "length")
    column_default_sort = ("id", True)
    column_formatters: Any = {"action": _title, "person": _person, "state": _state}
    column_choices: Any = {"state": [(state, label) for state, (label, _tone, _icon) in STATES.items()]}
    column_labels: Any = {
        "id": _l("Number"),
        "action": _l("What"),
        "person": _l("Who"),
        "state": _l("State"),
        "kind": _l("Kind"),
        "endpoint": _l("Of"),
        "length": _l("Records"),
        "changed": lazy_pgettext("rows of a job", "Changed"),
        "unchanged": _l("Unchanged"),
        "failed": lazy_pgettext("rows of a job", "Failed"),
        "created_at": _l("Asked for at"),
        "finished_at": _l("Ended at"),
    }
    PERMISSIONS = {**RecordView.PERMISSIONS, **dict.fromkeys(READ, SIGNED_IN)}

    def may(self, action: str) -> bool:
        """Everybody may look at jobs: which ones, `get_query` says."""
        return bool(current_user.is_authenticated) if action == "read" else super().may(action)

    def get_query(self) -> sa.Select[Any]:
        """One's own jobs, or all."""
        rows = super().get_query()
        return rows if may(self.endpoint, "read") else rows.where(Job.staff_id == current_user.id)

    def list_notices(self) -> Sequence[str]:
        """Why nothing of it goes on, where all jobs are held."""
        words = notices.why_jobs_wait()
        return (words,) if words else ()

    @expose("/details/")
    def details_view(self) -> Any:
        """How far a job is, what became of its rows, and what can be done about it."""
        job = self.fetch(request.args.get("id"))
        return self.render(
            self.job_template,
            job=job_page(self, job),
            view=self,
            breadcrumbs=[
                Link(str(self.name), self.page_url("index_view")),
                Link(f"#{job.id}", "", current=True),
            ],
        )

    @expose("/progress/")
    def progress_view(self) -> Any:
        """The part of the page that moves, for a script to put in its place."""
        return self.render("admin/model/job_live.html", job=job_page(self, self.fetch(request.args.get("id"))))

    @expose("/mine/")
    def mine_view(self) -> Any:
        """One's own jobs that are at work, and those that ended a moment ago, for the indicator of every page."""
        since = request.args.get("since", "")
        known = int(since) if since.isascii() and since.isdigit() and len(since) < 10 else 0
        open_ = sa.and_(Job.staff_id == current_user.id, sa.or_(Job.state.in_(ledger.OPEN), Job.id == known))
        jobs = self.db_session.scalars(sa.select(Job).where(open_).order_by(Job.id.desc()).limit(10)).all()
        return jsonify(
            jobs=[
                {
                    "id": job.id,
                    "title": title_of(job),
                    "state": state_of(job)[0],
                    "result": result_of(job),
                    # One that is paused may wait for days: nothing moves that would have to be watched.
                    "open": job.state in ledger.OPEN and job.state != "paused",
                    "percent": percent_of(job),
                    "url": self.page_url("details_view", id=job.id),
                }
                for job in jobs
            ]
        )

    @expose("/failed/")
    def failed_view(self) -> Any:
        """The rows that were not done, with the reason of each, as a file."""
        job = self.fetch(request.args.get("id"))
        if not may_see_rows(job):
            raise NotAllowed(_("Only who has brought a file may have its rows."))
        make = {CHECK: wrong_rows, IMPORT: left_rows}.get(job.kind)
        chunks = make(self.db_session, job) if make is not None else as_csv(self.db_session, job.id)
        return send_while_made(chunks, "text/csv; charset=utf-8", f"job-{job.id}-left.csv")

    @expose("/apply/", methods=("POST",))
    def apply_view(self) -> Any:
        """Carry out what a dry run has shown, as a job of its own."""
        check = self._mine_to_change()
        if check.staff_id != current_user.id:
            raise NotAllowed(_("Only who has tried an import out may carry it out: others may see other records."))
        found = counts(check)
        held = found[NEW] + found[CHANGED] <= AT_ONCE
        job = carry_out(self.db_session, check.id, held=held, **self._asked_by())
        return work_off(job.id, self.page_url("details_view", id=job.id), at_once=held)

    @expose("/pause/", methods=("POST",))
    def pause_view(self) -> Any:
        """Let it wait."""
        job = self._mine_to_change()
        return self._changed(lambda: ledger.pause(self.db_session, job.id), job)

    @expose("/cancel/", methods=("POST",))
    def cancel_view(self) -> Any:
        """End it where it stands."""
        job = self._mine_to_change()
        return self._changed(lambda: ledger.cancel(self.db_session, job.id), job)

    @expose("/resume/", methods=("POST",))
    def resume_view(self) -> Any:
        """Let it go on."""
        job = self._mine_to_change()
        return self._changed(lambda: ledger.resume(self.db_session, job.id), job)

    @expose("/retry/", methods=("POST",))
    def retry_view(self) -> Any:
        """Do the same again to the rows that failed."""
        job = self._mine_to_change()
        if is_import(job) and not is_own_import(job):
            raise NotAllowed(_("Only who has tried an import out may carry it out: others may see other records."))
        return self._changed(lambda: ledger.retry(self.db_session, job.id, **self._asked_by()), job)

    @expose("/undo/", methods=("POST",))
    def undo_view(self) -> Any:
        """Take back what it did, as a job of its own."""
        job = self._mine_to_change()
        if job.state not in ledger.OPEN and is_too_old(job):
            raise Conflict(_("This job is too long ago: what it would take to undo it is no longer kept."))
        held = job.position <= AT_ONCE
        undone = ledger.undo(self.db_session, job.id, held=held, **self._asked_by())
        back = safe_target(request.form.get("url"), self.page_url("details_view", id=undone.id))
        return work_off(undone.id, back, at_once=held)

    def _mine_to_change(self) -> Job:
        """The job, where this person may do what it does."""
        job: Job = self.fetch(request.args.get("id"))
        found = view_of(job)
        if found is not None:
            found[0].require(found[1].needs)
            if is_import(job):
                require(found[0], job.arguments["mode"])
        elif job.staff_id != current_user.id:
            self.require("change")
        return job

    def _asked_by(self) -> dict[str, Any]:
        return {"staff_id": current_user.id, "person": current_user.email[:255], "locale": str(get_locale())}

    def _changed(self, change: Callable[[], Job], job: Job) -> Any:
        """Make the change and show the job it gives; where the job has gone on meanwhile, say so on its page."""
        number = job.id
        try:
            number = change().id
            wake(current_app, number)
        except Conflict as refusal:
            self.db_session.rollback()
            flash(refusal.message, "warning")
        return redirect(self.page_url("details_view", id=number))

    @property
    def job_days(self) -> int:
        """How long a job is kept once it has ended."""
        return int(current_app.extensions["backoffice"].job_days)
