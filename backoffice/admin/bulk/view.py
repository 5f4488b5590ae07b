"""The layer of RecordView for bulk actions: the dialog, and the job that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import current_app, flash, redirect, request
from flask_admin import expose
from flask_admin.form import BaseForm
from flask_babel import get_locale, ngettext
from flask_security import current_user
from werkzeug.datastructures import MultiDict
from wtforms import Form

from backoffice.access.redirects import safe_target
from backoffice.admin.base import MAX_RETURN
from backoffice.admin.bulk import dialog
from backoffice.admin.bulk.asked import Rows, ticked_keys, unseal
from backoffice.admin.bulk.declared import Asked, BulkAction, Given
from backoffice.admin.bulk.tasks import BULK
from backoffice.admin.deleting import TO, WHEN, DeletingView
from backoffice.admin.fields import RelationField
from backoffice.admin.once import FORM_ID, Answer
from backoffice.admin.presenters import Action
from backoffice.admin.wording import explain
from backoffice.admin.working import work_off
from backoffice.database.counting import exact_count
from backoffice.database.keys import key_text, records_of
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.errors import BackofficeError, BadInput, Conflict, NotFound
from backoffice.i18n import gettext as _
from backoffice.models import Job, utcnow
from backoffice.records.bulk.change import Change
from backoffice.records.jobs import ledger
from backoffice.records.jobs.freezing import keys_of
from backoffice.records.transactions import StaleRecord

# So many rows are done within the request, by the same code that a worker runs.
AT_ONCE = 200
# What nginx takes as the head of an answer, 4 kB, has to hold it. A question about more rows is no page of its own.
LONGEST_ADDRESS = 2000
COUNT_SECONDS = 30
# How the names of an action's inputs begin: a model may have columns of any name.
PREFIX = "with-"
# The argument of a job that deletes ticked records: each key with the state it was seen in.
SEEN_ROWS = "seen-rows"


class MoreMatch(Conflict):
    """More rows match than the dialog spoke of."""


class BulkView(DeletingView):
    """What can be done to ticked rows, or to all that match."""

    bulk_template = "admin/model/bulk.html"

    def init_actions(self) -> None:
        """Flask-Admin's own actions, and ours after them."""
        super().init_actions()
        for action in self.bulk_actions.values():
            if action.name not in self._actions_data:
                self._actions.append((action.name, action.label))
            self._actions_data.setdefault(action.name, (None, action.label, None))

    @cached_property
    def bulk_actions(self) -> dict[str, BulkAction]:
        """The bulk actions of this view by name, in the order in which they are declared."""
        return {name: action for name, (action, _method) in self._bulk_methods.items()}

    @cached_property
    def _bulk_methods(self) -> dict[str, tuple[BulkAction, Any]]:
        found: dict[str, tuple[BulkAction, Any]] = {}
        for cls in reversed(type(self).__mro__):
            for attribute, value in vars(cls).items():
                if hasattr(value, "_bulk"):
                    found[value._bulk.name] = (value._bulk, getattr(self, attribute))
        return found

    def is_action_allowed(self, name: str) -> bool:
        """An action is a permission, its own or the one that it names."""
        action = self.bulk_actions.get(name)
        return bool(super().is_action_allowed(name)) and self.may(action.needs if action else name)

    def _shown_action(self, name: str, label: str) -> Action:
        if known := self.bulk_actions.get(name):
            return Action(name, label, known.icon, known.danger, known.more, for_all=True)
        shown = super()._shown_action(name, label)
        return replace(shown, more=True) if name == "export" else shown

    @property
    def list_seconds(self) -> float:
        """How long a statement of a list may take."""
        return float(current_app.extensions["backoffice"].list_seconds)

    @property
    def own_fields(self) -> tuple[str, ...]:
        """What every form carries along, beside what people fill in."""
        return FORM_ID, self.version_field, "shown"

    def bulk_form(self, action: BulkAction, given: Given) -> Form:
        """The inputs that the action asks for, with what was typed."""
        fields = dict(action.fields(self, given)) if action.fields else {}
        sent = MultiDict((name, text) for name, texts in given.items() for text in texts)
        form = type("BulkForm", (BaseForm,), fields)(sent or None, prefix=PREFIX)
        form = self._prepared(form, None)
        for field in form:
            # A dialog is no place to make another record from.
            if isinstance(field, RelationField):
                field.create_url = ""
        return form

    def bulk_change(self, action: BulkAction, given: Given, at: datetime) -> Change:
        """What the action does with these arguments; BadInput where one of them is wrong."""
        form = self.bulk_form(action, given)
        if not form.validate():
            raise BadInput(dialog.problems_of(form) or _("Something in the form is wrong."))
        change: Change = self._bulk_methods[action.name][1](Asked(form, given, at))
        return change

    def ticked(self, ids: Sequence[str]) -> list[Any]:
        """The records an action works on: those of `ids` that this person may see."""
        return records_of(self.db_session, self.get_query(), self.model, ids)

    # -- from the list to the dialog ------------------------------------------------------------------------------

    def run_bulk(self, name: str) -> Any:
        """What was chosen in the list: the dialog, or at once what needs no question."""
        action = self.bulk_actions[name]
        back = safe_target(request.form.get("url"), self.page_url("index_view"))
        if request.form.get("all") == "yes":
            return self._to_dialog(action, back, all="yes", selection=request.form.get("selection", ""))
        texts = ticked_keys(request.form)
        there = records_of(self.db_session, self.get_query().options(*self.light(())), self.model, texts)
        if not there:
            if (answered := self.answered()) is not None:
                return self.say(answered)
            flash(_("Tick the rows to change first.") if not texts else _("The ticked rows are gone."), "error")
            return redirect(back)
        if len(there) < len(texts):
            flash(
                _("Some of the ticked rows are gone and were left out: %(count)s.", count=len(texts) - len(there)),
                "warning",
            )
        found = {self.get_pk_value(record) for record in there}
        texts = [text for text in texts if text in found]
        if action.at_once:
            return self._start(action, Rows.ticked(texts), {}, back)
        return self._to_dialog(action, back, rowid=texts)

    def _to_dialog(self, action: BulkAction, back: str, **chosen: Any) -> Any:
        """The dialog as a page with an address: to load again, to come back to, to read in another language."""
        address = self.page_url("bulk_view", action=action.name, url=back, **chosen)
        if len(address) <= LONGEST_ADDRESS and len(back) <= MAX_RETURN:
            return redirect(address, 303)
        return self._ask_about(action, Rows.chosen(request.form), back)

    def _ask_about(self, action: BulkAction, rows: Rows, back: str, problem: BackofficeError | None = None) -> Any:
        given = _given()
        if rows.is_all:
            rows, selection = rows.asked_now(self)
            rows = replace(rows, count=exact_count(self.db_session, selection, COUNT_SECONDS))
        else:
            rows = Rows.ticked([key_text(record) for record in self.ticked(rows.keys or ())])
            selection = rows.selection(self, lambda _model: None)
        if not rows.count:
            flash(_("No row matches any more."), "info")
            return redirect(back)
        form, change = self.bulk_form(action, given), None
        if not action.fields or (given and request.form.get("action") == action.name and self._is_given(form)):
            try:
                change = self.bulk_change(action, given, utcnow())
                form = self.bulk_form(action, given)
            except BackofficeError as refusal:
                form.validate()
                problem = problem or refusal
        asked = dialog.question(self, action, rows, selection, form, change, back, problem.message if problem else "")
        html = self.render(
            self.bulk_template, question=asked, view=self, breadcrumbs=self.breadcrumbs(str(action.label))
        )  # fmt: skip
        return html, problem.status if problem else 200

    def _is_given(self, form: Form) -> bool:
        """Whether every input that the action asks for has been sent."""
        return all(name in request.form for name in (f.name for f in form if f.name not in self.own_fields))

    # -- from the dialog to the job -------------------------------------------------------------------------------

    @expose("/bulk/", methods=("GET", "POST"))
    def bulk_view(self) -> Any:
        """The dialog. Where it was sent, ask on if something is missing or wrong, else make the job."""
        sent = request.form if request.method == "POST" else request.args
        action = self.bulk_actions.get(sent.get("action", ""))
        if action is None or action.name in self.action_disallowed_list:
            raise NotFound(_("There is no action “%(name)s” here.", name=quoted(sent.get("action", ""))))
        self.require(action.needs)
        back = safe_target(sent.get("url"), self.page_url("index_view"))
        if request.method != "POST":
            return self._ask_about(action, Rows.chosen(sent), back)
        rows = unseal(self, action.name, request.form.get("rows", ""))
        ready = request.form.get("ready", "")
        if not ready or request.form.get("again"):
            return self._ask_about(action, rows, back)
        if ready != dialog.previewed(self, self.bulk_form(action, _given())):
            changed = Conflict(_("You have changed what is to be done. Look at the new preview, then confirm."))
            return self._ask_about(action, rows, back, changed)
        wanted = dialog.word(action, rows)
        if wanted and "".join(c for c in request.form.get("typed", "") if c.isdigit()) != wanted:
            refusal = BadInput(_("Type “%(word)s” to confirm: this is a lot.", word=wanted))
            return self._ask_about(action, rows, back, refusal)
        try:
            self.bulk_change(action, _given(), utcnow())
            return self._start(action, rows, _given(), back)
        except BackofficeError as refusal:
            return self._ask_about(action, rows, back, refusal)

    def _start(self, action: BulkAction, rows: Rows, given: Given, back: str) -> Any:
        """Freeze the rows as a job; few of them are done before the answer."""

        def make() -> Answer:
            asked, selection = self._still_meant(rows)
            job = self._job(action, asked, selection, given)
            if dialog.deletes_ticked(action, rows):
                job.arguments |= {SEEN_ROWS: self._require_seen(rows)}
            elif action.name == "delete":
                self._require_no_more_along(rows, selection)
            keys = keys_of(self.db_session, selection) if asked.is_all else asked.keys or ()
            if rows.count <= AT_ONCE:
                ledger.reserve(job)
            ledger.create(self.db_session, job, keys)
            if asked.is_all and job.length > rows.count:
                raise MoreMatch(
                    ngettext(
                        "Now %(num)s row matches, more than you were asked about. Look again, then confirm.",
                        "Now %(num)s rows match, more than you were asked about. Look again, then confirm.",
                        job.length,
                    )
                )
            return Answer(url=str(job.id), messages=[])

        answer = self.once(make)
        return work_off(int(answer["url"]), self.readable_list(back), at_once=rows.count <= AT_ONCE)

    def _require_seen(self, rows: Rows) -> list[str]:
        """Nothing is deleted that has changed since it was asked about, nor where something has yet to be chosen.

        Gives the records' states, by which the job tells those that are changed later.
        """
        records = self.ticked(rows.keys or ())
        if problem := self.deletion_problem(records):
            raise StaleRecord(problem)
        self.choices_for(records, request.form)
        return [f"{key_text(record)}={self.version_text(record)}" for record in records]

    def _require_no_more_along(self, rows: Rows, selection: Selection) -> None:
        if any(found.count > rows.along.get(found.relation, 0) for found in dialog.along(self, selection)):
            raise MoreMatch(_("More records hang on these by now than you were asked about. Look again, then confirm."))

    def _still_meant(self, rows: Rows) -> tuple[Rows, Selection]:
        """The rows as they were asked about; Conflict where the same question means something else by now."""
        if not rows.is_all:
            return rows, rows.selection(self, lambda _model: None)
        now, selection = rows.asked_now(self)
        if now.me != rows.me:
            raise Conflict(_("“Me” is somebody else by now. Look again, then confirm."))
        return now, selection

    def _job(self, action: BulkAction, rows: Rows, selection: Selection, given: Given) -> Job:
        return Job(
            kind=BULK,
            endpoint=self.endpoint,
            action=action.name,
            arguments={name: list(texts) for name, texts in given.items()},
            selection=rows.kept() if rows.is_all else {},
            words=explain(self, selection.replace(sort=())) if rows.is_all else "",
            staff_id=current_user.id,
            person=current_user.email[:255],
            locale=str(get_locale()),
            created_at=utcnow(),
        )


def _given() -> Mapping[str, Sequence[str]]:
    """The arguments that were sent with the dialog: of the action's own inputs, and what is chosen when deleting."""
    return {name: texts for name, texts in request.form.lists() if name.startswith((PREFIX, WHEN, TO))}
