"""A job as its page and the list of jobs show it: in words, with numbers that are true at any moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import format_date, format_decimal, ngettext
from flask_security import current_user
from markupsafe import Markup, escape

from backoffice.admin.base import view_at
from backoffice.admin.bulk.declared import BulkAction
from backoffice.admin.fields import KeptField
from backoffice.admin.importing import told as imports
from backoffice.admin.importing.declared import ACTION, TRIAL, is_import
from backoffice.admin.past import moment_html
from backoffice.admin.presenters import Property
from backoffice.admin.presenters_bulk import JobPage, OutcomeGroup
from backoffice.extensions import db
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.i18n import pgettext
from backoffice.models import Job, utcnow
from backoffice.operations import notices
from backoffice.records import backfills
from backoffice.records.auditing import is_audited
from backoffice.records.importing.starting import CHECK, IMPORT
from backoffice.records.jobs import ledger
from backoffice.records.jobs.outcomes import groups

# What a state is called, its tone and its shape.
STATES: dict[str, tuple[Any, str, str]] = {
    "waiting": (_l("Waiting"), "neutral", "clock"),
    "running": (_l("At work"), "info", "arrow-repeat"),
    "paused": (_l("Paused"), "warning", "clock"),
    "done": (_l("Done"), "success", "check-circle-fill"),
    "cancelled": (_l("Cancelled"), "neutral", "x-lg"),
    "stopped": (_l("Stopped"), "warning", "exclamation-triangle-fill"),
    "failed": (_l("Failed"), "danger", "x-octagon-fill"),
}


def state_of(job: Job) -> tuple[str, str, str]:
    """The state's words, tone and shape; its bare name where only a newer version of the product knows it."""
    label, tone, icon = STATES.get(job.state, (job.state, "neutral", "clock"))
    return str(label), tone, icon


# What jobs of the product itself are called.
OWN: dict[str, Any] = {"retention": _l("Forgetting what is no longer kept")}


def view_of(job: Job) -> tuple[Any, BulkAction] | None:
    """The view and the action of a job, where this version knows them."""
    view, action = view_at(job.endpoint), None
    if is_import(job):
        action = TRIAL if job.kind == CHECK else ACTION
    elif view is not None:
        action = getattr(view, "bulk_actions", {}).get(job.action)
    return (view, action) if view is not None and action is not None else None


def may_do(job: Job) -> bool:
    """Whether this person may do what a job does."""
    found = view_of(job)
    if found is None:
        return False
    return imports.may_carry_out(found[0], job) if is_import(job) else bool(found[0].may(found[1].needs))


def title_of(job: Job) -> str:
    """What a job does, in a few words."""
    found = view_of(job)
    if found is None:
        name = backfills.name_of(job)
        return str(_("Filling in: %(name)s", name=name) if name else OWN.get(job.kind, job.action or job.kind))
    words = _("%(action)s: %(records)s", action=found[1].label, records=found[0].name)
    return str(_("Undo of #%(number)s: %(what)s", number=job.parent_id, what=words) if job.kind == "undo" else words)


def job_page(view: Any, job: Job) -> JobPage:
    """The whole page of a job."""
    label, tone, icon = state_of(job)
    found, is_open = view_of(job), job.state in ledger.OPEN
    may_change = may_do(job)
    undone = _children(view, job, "undo")
    can_undo = may_change and not is_open and job.kind in ledger.UNDOABLE and bool(job.changed) and not undone
    can_undo = can_undo and not is_too_old(job) and found is not None and is_audited(found[0].model)
    left, again = job.failed + job.skipped, job.kind in ledger.UNDOABLE and not _children(view, job, job.kind)
    apply_text = imports.apply_text(found[0], job) if found is not None else ""

    def url(page: str, *, when: bool) -> str:
        return view.page_url(page, id=job.id) if when else ""

    return JobPage(
        id=job.id,
        title=title_of(job),
        state=job.state,
        state_label=_("Cancelling") if is_open and job.cancel_asked else label,
        tone=tone,
        icon=icon,
        facts=_facts(view, job),
        percent=percent_of(job),
        done_text=_done(job),
        rate_text=_rate(job) if job.state == "running" and not _is_unmeasured(job) else "",
        counts=imports.counts(job) if job.kind == CHECK else _counts(job),
        groups=[OutcomeGroup(g.reason, g.count, g.outcome == "failed", [_example(view, found, job, g.first)])
                for g in (groups(view.db_session, job.id) if left and not is_open else ())],
        message=_message(job),
        is_open=is_open,
        pause_url=url("pause_view", when=job.state in ("waiting", "running") and not job.cancel_asked and may_change),
        cancel_url=url("cancel_view", when=is_open and not job.cancel_asked and may_change),
        resume_url=url("resume_view", when=job.state in ledger.RESUMABLE and may_change and not undone),
        retry_url=url("retry_view", when=bool(job.failed) and not is_open and may_change and again
                      and (not is_import(job) or is_own_import(job))),
        undo_url=url("undo_view", when=can_undo),
        undo_text=_undo_until(job) if can_undo else "",
        failed_url=url("failed_view", when=bool(left) and may_see_rows(job)),
        progress_url=url("progress_view", when=is_open),
        links=_links(view, job, undone),
        apply_url=url("apply_view", when=bool(apply_text)),
        apply_text=apply_text,
        imported=imports.rows(view, found[0], job) if found and job.kind == CHECK else None,
    )  # fmt: skip


def _done(job: Job) -> str:
    fills = backfills.name_of(job)
    done = format_decimal(job.changed if fills else job.position)
    if _is_unmeasured(job):
        return str(_("%(done)s rows, nobody knows yet of how many", done=done))
    return str(_("%(done)s of %(all)s rows", done=done, all=done if fills else format_decimal(job.length)))


def _is_unmeasured(job: Job) -> bool:
    """Whether it works through a file or a table whose end it has not seen yet."""
    unseen = bool(backfills.name_of(job)) or (job.kind == CHECK and not job.arguments["whole"])
    return unseen and job.state != "done"


def percent_of(job: Job) -> int:
    """How far it is."""
    if _is_unmeasured(job):
        return 0
    return 100 if not job.length else job.position * 100 // job.length


def may_see_rows(job: Job) -> bool:
    """Whether this person may have the rows of a job as a file: those of an import hold what its file held."""
    return not is_import(job) or job.kind == "undo" or is_own_import(job)


def is_own_import(job: Job) -> bool:
    """Whether this person has brought the file of an import, and asked for this job of it."""
    check = db.session.get(Job, job.arguments["check"]) if "check" in job.arguments else job
    return check is not None and check.staff_id == job.staff_id == current_user.id


def person_of(job: Job) -> str:
    """Who asked for it."""
    return str(job.person or _("Backoffice itself"))


def result_of(job: Job) -> str:
    """What became of its rows, in a few words."""
    return " · ".join(f"{label} {format_decimal(count)}" for _name, label, count in _counts(job) if count)


def _counts(job: Job) -> list[tuple[str, str, int]]:
    return [
        ("changed", pgettext("rows of a job", "Changed"), job.changed),
        ("unchanged", _("Unchanged"), job.unchanged),
        ("skipped", _("Left out"), job.skipped),
        ("failed", pgettext("rows of a job", "Failed"), job.failed),
    ]


def _children(view: Any, job: Job, kind: str) -> list[int]:
    found = sa.select(Job.id).where(Job.parent_id == job.id, Job.kind == kind).order_by(Job.id)
    return list(view.db_session.scalars(found))


def _links(view: Any, job: Job, undone: list[int]) -> list[tuple[str, str]]:
    """Other jobs that belong to this one, and what the history tells of it."""
    links = [(_("Undone by #%(number)s", number=n), view.page_url("details_view", id=n)) for n in undone]
    for number in _children(view, job, job.kind) if job.kind != "undo" else ():
        links.append((_("Tried again by #%(number)s", number=number), view.page_url("details_view", id=number)))
    if job.kind == CHECK:
        for number in _children(view, job, IMPORT):
            links.append((_("Carried out by #%(number)s", number=number), view.page_url("details_view", id=number)))
    if job.parent_id is not None:
        words = _("Undoes #%(number)s") if job.kind == "undo" else _("Tries again what failed in #%(number)s")
        if job.kind == IMPORT and job.parent_id == job.arguments.get("check"):
            words = _("Carries out what #%(number)s has shown")
        links.append((str(words).replace("%(number)s", str(job.parent_id)),
                      view.page_url("details_view", id=job.parent_id)))  # fmt: skip
    activity = view_at("activity")
    is_told = job.position and job.kind != CHECK and not backfills.name_of(job)
    if is_told and activity is not None and activity.may("read"):
        where = f'{{"all":[["source","equals","job {job.id}"]]}}'
        links.append((_("What it changed, in the activity"), activity.page_url("index_view", where=where)))
    return links


def _facts(view: Any, job: Job) -> list[Property]:
    facts = [
        Property(_("Asked for by"), escape(person_of(job))),
        Property(_("At"), moment_html(job.created_at)),
    ]
    if job.words:
        facts.insert(0, Property(_("Which"), escape(job.words)))
    facts += [Property(label, escape(text)) for label, text in _arguments(job)]
    if job.finished_at is not None:
        facts.append(Property(_("Ended"), moment_html(job.finished_at)))
        facts.append(Property(_("Kept until"), moment_html(job.finished_at + timedelta(days=view.job_days))))
    return facts


def _arguments(job: Job) -> list[tuple[str, str]]:
    """What the action was given, as its form reads it."""
    found = view_of(job)
    if found is None or not job.arguments:
        return []
    view, action = found
    if is_import(job):
        return imports.facts(view, job)
    form = view.bulk_form(action, job.arguments)
    return [(str(field.label.text), _in_words(field)) for field in form if field.name not in view.own_fields]


def _in_words(field: Any) -> str:
    """The value of a field of an action's form."""
    if text := getattr(field, "data_label", ""):
        return str(text)
    text = field.shown(field.data) if isinstance(field, KeptField) else str(field.data)
    return str(dict(field.options()).get(text, text) if hasattr(field, "options") else text) or "—"


def _message(job: Job) -> str:
    if job.state == "failed":
        return str(
            _("Something went wrong here. What was done so far stands; the log tells why under “job %(number)s”.",
              number=job.id)
        )  # fmt: skip
    return notices.why_jobs_wait() if job.state in ("waiting", "running") else job.message


def _rate(job: Job) -> str:
    """How fast it goes, and how long it will take."""
    if not job.worked or not job.position:
        return ""
    # By the time at work: a job may have been cancelled for a day before it went on.
    rate = 1000 * job.position / job.worked
    remaining = (job.length - job.position) / rate
    words: str = _("%(rate)s rows a second, %(left)s left", rate=format_decimal(round(rate)), left=_duration(remaining))
    return words


def _duration(seconds: float) -> str:
    if seconds < 90:
        return str(ngettext("%(num)s second", "%(num)s seconds", max(1, round(seconds))))
    return str(ngettext("%(num)s minute", "%(num)s minutes", round(seconds / 60)))


def _undo_until(job: Job) -> str:
    until = undo_until(job)
    if until is None:
        return ""
    return str(_("It can be undone until %(moment)s.", moment=format_date(until)))


def is_too_old(job: Job) -> bool:
    """Whether what taking it back would need is no longer kept for certain, once it has ended."""
    until = undo_until(job)
    return until is None or until <= utcnow()


def undo_until(job: Job) -> datetime | None:
    """Until when what it did can be taken back: as long as the job, the history and what was deleted are kept."""
    settings = current_app.extensions["backoffice"]
    days = [settings.job_days, *([settings.history_days] if settings.history_days else [])]
    if job.action == "delete":
        days.append(settings.deleted_days)
    if job.kind == IMPORT:
        # Its dry run knows which records it made, and is forgotten first.
        check = db.session.get(Job, job.arguments["check"])
        return None if check is None or check.finished_at is None else check.finished_at + timedelta(days=min(days))
    return None if job.finished_at is None else job.finished_at + timedelta(days=min(days))


def _example(jobs: Any, found: tuple[Any, BulkAction] | None, job: Job, key: str) -> Markup:
    if is_import(job):
        return imports.example(jobs, job, key)
    view = found[0] if found else None
    if view is None or not view.may("read"):
        return escape(f"#{key}")
    return Markup('<a class="value-link" href="{}">#{}</a>').format(view.page_url("details_view", id=key), key)
