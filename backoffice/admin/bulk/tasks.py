"""How a worker carries out the job of a view: as the person who asked, with what they may do at that moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session
from wtforms import ValidationError

from backoffice.access.acting import acting_as
from backoffice.admin.base import view_at, view_for
from backoffice.admin.bulk.asked import Rows
from backoffice.admin.bulk.declared import BulkAction
from backoffice.admin.importing import tasks as importing
from backoffice.admin.importing.declared import is_import, require
from backoffice.admin.importing.tasks import importing_view
from backoffice.admin.past import Past
from backoffice.admin.related import link_view
from backoffice.errors import BackofficeError, BadInput, NotAllowed
from backoffice.extensions import db
from backoffice.i18n import gettext as _
from backoffice.models import Job
from backoffice.records import retention
from backoffice.records.auditing import is_audited
from backoffice.records.bulk.change import Change, Target
from backoffice.records.bulk.undoing import Rights, Undo
from backoffice.records.importing.undoing import UndoImport
from backoffice.records.jobs import tasks
from backoffice.records.jobs.chunks import Stopped
from backoffice.records.jobs.ledger import find
from backoffice.records.jobs.tasks import Tally, Task

BULK, UNDO = "bulk", "undo"


def init_app() -> None:
    """Tell the ledger who works on such jobs."""
    tasks.handle(BULK, _open_bulk)
    tasks.handle(UNDO, _open_undo)
    importing.init_app()
    tasks.handle(retention.KIND, _open_retention)


@dataclass
class BulkTask:
    """A change, made to the keys of a job."""

    session: Session
    target: Target
    change: Change

    @property
    def first(self) -> int:
        """Keys to begin with."""
        return self.change.first

    @property
    def most(self) -> int:
        """Keys at a time."""
        return self.change.most

    def run(self, keys: Sequence[str], _start: int) -> Tally:
        """Make the change."""
        return self.change.run(self.target, keys)


@contextmanager
def _open_bulk(job: Job) -> Iterator[Task]:
    with acting_as(job.staff_id, f"job {job.id}", job.locale):
        view, action = _view_and_action(job)
        view.require(action.needs)
        try:
            rows = Rows.read(job.selection).as_frozen(view) if job.selection else view.get_query()
            change = view.bulk_change(action, job.arguments, job.created_at)
        except BackofficeError as problem:
            # The list or the action has changed since: what was asked for means nothing any more, or something else.
            raise Stopped(problem.message) from None
        yield BulkTask(db.session(), Target(db.session(), view.model, rows, view.get_query()), change)


@contextmanager
def _open_undo(job: Job) -> Iterator[Task]:
    with acting_as(job.staff_id, f"job {job.id}", job.locale):
        try:
            undone = find(db.session(), job.parent_id or 0)
        except BackofficeError as problem:
            raise Stopped(problem.message) from None
        by_same_person = job.staff_id is not None and job.staff_id == undone.staff_id
        by_own_permission = False
        if is_import(undone):
            view: Any = importing_view(undone)
            require(view, undone.arguments["mode"])
        else:
            view, action = _view_and_action(job)
            view.require(action.needs)
            # Whoever may withdraw takes their own withdrawal back, though they may not publish: it was theirs to make.
            by_own_permission = by_same_person and not action.permission
        if not is_audited(view.model):
            raise Stopped(_("This cannot be undone: no history is kept of these records."))
        target = Target(db.session(), view.model, view.get_query(), view.get_query())
        rights = _rights(view, by_own_permission=by_own_permission, by_same_person=by_same_person)
        yield UndoImport(target, undone, rights) if is_import(undone) else Undo(target, undone, rights)


def _rights(view: Any, *, by_own_permission: bool, by_same_person: bool) -> Rights:
    """What undoing asks of a view: less of whoever takes back what they did themselves, and of those the least where
    the action has a permission of its own, which they still hold."""
    past = Past(view)

    def may_link(holder: type[Any], name: str, added: bool) -> bool:
        relation = sa.inspect(holder).relationships[name]
        links, action = link_view(relation), "create" if added else "delete"
        if links is not None:
            # The role's permission to make them is enough to take one's own back, what the view allows nobody is not.
            made_with = "delete" if added else "create"
            return links.may(action) or (by_same_person and links.allows(action) and links.may(made_with))
        # Whoever may edit the record that holds the links: with a foreign key, the one at the other end.
        return (view_for(holder if relation.secondary is not None else relation.mapper.class_) or view).may("edit")

    def before_delete(record: Any) -> None:
        try:
            view.on_model_delete(record)
        except (ValidationError, NotAllowed) as refusal:
            # Of this record: NotAllowed would end the job.
            raise BadInput(str(refusal)) from None

    return Rights(
        may_set=lambda column: by_own_permission or view.may_change(past.name_of(column)),
        may_link=may_link,
        may_delete=lambda: view.may("delete"),
        before_delete=before_delete,
        label=past.label,
    )


@contextmanager
def _open_retention(job: Job) -> Iterator[Task]:
    with acting_as(None, f"job {job.id}", job.locale):
        yield retention.Retention(db.session(), current_app.extensions["backoffice"].days_kept)


def _view_and_action(job: Job) -> tuple[Any, BulkAction]:
    view = view_at(job.endpoint)
    action = getattr(view, "bulk_actions", {}).get(job.action)
    if view is None or action is None:
        raise Stopped(_("This version knows no such action any more."))
    return view, action
