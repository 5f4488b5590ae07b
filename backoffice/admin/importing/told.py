"""What the page of a job tells of an import: its file and mapping, and row by row what it would do."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import format_decimal
from flask_security import current_user
from markupsafe import Markup, escape

from backoffice.admin.importing.declared import modes
from backoffice.admin.importing.pages import mode_label
from backoffice.admin.past import Past
from backoffice.admin.presenters_history import FieldChange
from backoffice.admin.presenters_importing import ImportRows, ImportRowShown
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.i18n import lazy_pgettext
from backoffice.models import ImportRow, Job
from backoffice.records.importing import verdicts
from backoffice.records.importing.layouts import REASON
from backoffice.records.importing.starting import CHECK, IMPORT, import_of
from backoffice.records.importing.verdicts import CHANGED, NEW, VERDICTS, WRONG

LABELS = {
    "new": _l("New"),
    "changed": lazy_pgettext("rows of a job", "Changed"),
    "unchanged": _l("Unchanged"),
    "wrong": _l("Wrong"),
}
LONGEST_CELL = 120


def may_carry_out(view: Any, job: Job) -> bool:
    """Whether this person may do what an import does."""
    return view.may(IMPORT) and job.arguments.get("mode") in modes(view)


def facts(view: Any, job: Job) -> list[tuple[str, str]]:
    """The file, and what was chosen for it."""
    given = job.arguments
    filled = [f"{column} → {view.label(name)}" for column, name in given["columns"].items()]
    told = _(", ").join(view.label(name) for name in given["match"])
    return [
        (_("File"), given["name"]),
        (_("What is done"), mode_label(given["mode"])),
        *([(_("Told by"), told)] if told else []),
        (_("Columns"), _(", ").join(filled)),
    ]


def counts(job: Job) -> list[tuple[str, str, int]]:
    """How many rows are what, for the page of a dry run."""
    return [(name, str(LABELS[name]), number) for name, number in verdicts.counts(job).items()]


def apply_text(view: Any, job: Job) -> str:
    """What the button says that carries out a dry run; nothing where there is none."""
    found = verdicts.counts(job)
    if job.kind != CHECK or job.state != "done" or not (found[NEW] or found[CHANGED]):
        return ""
    if not _is_own(job) or not may_carry_out(view, job) or import_of(view.db_session, job.id) is not None:
        return ""
    parts = []
    if found[NEW]:
        parts.append(_("%(count)s new", count=format_decimal(found[NEW])))
    if found[CHANGED]:
        parts.append(_("%(count)s changed", count=format_decimal(found[CHANGED])))
    return str(_("Apply: %(what)s", what=_(", ").join(parts)))


def example(jobs: Any, job: Job, key: str) -> Markup:
    """One of the rows that were left, as the person finds it in the file."""
    row = jobs.db_session.get(ImportRow, (job.arguments.get("check"), int(key))) if key.isdigit() else None
    return escape(_("line %(line)s", line=row.line) if row is not None else f"#{key}")


def rows(jobs: Any, view: Any, job: Job) -> ImportRows | None:
    """A page of the rows; for whoever tried them out, as others may see other records."""
    if job.kind != CHECK or not job.position or not _is_own(job) or not view.may("read"):
        return None
    found = verdicts.counts(job)
    asked = request.args.get("verdict", "")
    chosen = asked if asked in VERDICTS else ""
    start = request.args.get("from", "")
    place = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0
    page = verdicts.page(view.db_session, job.id, chosen, place)

    def url(verdict: str, place: int | None = 0) -> str:
        if place is None:
            return ""
        address: str = jobs.page_url("details_view", id=job.id, verdict=verdict, **{"from": place or ""})
        return address + "#rows"

    pairs = [(column, value) for row in page.rows for column, pair in row.changes.items() for value in pair]
    past = Past(view, pairs)
    kinds = [("", str(_("All")), sum(found.values())), *((name, str(LABELS[name]), found[name]) for name in VERDICTS)]
    return ImportRows(
        rows=[_shown(view, past, row) for row in page.rows],
        kinds=[(name, label, number, url(name), name == chosen) for name, label, number in kinds],
        previous_url=url(chosen, page.previous),
        next_url=url(chosen, page.next),
        wrong_url=jobs.page_url("failed_view", id=job.id) if found[WRONG] else "",
    )


def _shown(view: Any, past: Past, row: ImportRow) -> ImportRowShown:
    record = escape("")
    if row.record_key:
        link = Markup('<a class="value-link" href="{}">#{}</a>')
        record = link.format(view.page_url("details_view", id=row.record_key), row.record_key)
    return ImportRowShown(
        line=row.line,
        verdict=row.verdict,
        verdict_label=str(LABELS[row.verdict]),
        record=record,
        changes=[
            FieldChange(
                column,
                past.label(column),
                past.html(column, before),
                past.html(column, after),
                past.segments(column, before, after) if row.verdict == CHANGED else (),
            )
            for column, (before, after) in row.changes.items()
            if row.verdict != NEW or after is not None
        ],
        cells=[(name, _cut(cell)) for name, cell in row.cells.items() if cell not in (None, "") and name != REASON]
        if row.verdict == WRONG else [],
        reason=row.reason,
    )  # fmt: skip


def _cut(cell: Any) -> str:
    text = str(cell)
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"


def _is_own(job: Job) -> bool:
    return job.staff_id is not None and job.staff_id == current_user.id
