"""Creating and editing a record: read the form, put it together with what others saved, write only what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flask import request
from flask_admin import expose
from wtforms import Form

from backoffice.admin.conflicts import CHOICE, CONFLICTING, conflict
from backoffice.admin.fields import KeptField, Merge, PasswordField, RelationField, changes, merge, read_digests
from backoffice.admin.forms import SHOWN, FormView
from backoffice.admin.once import Answer
from backoffice.admin.presenters import FieldError, RecordPage
from backoffice.admin.presenters_history import Conflict
from backoffice.admin.related import find_related
from backoffice.database.attributes import is_secret, version_attribute
from backoffice.database.keys import key_text
from backoffice.errors import BackofficeError
from backoffice.i18n import gettext as _
from backoffice.records import history
from backoffice.records.saving import ValueTaken, put
from backoffice.records.transactions import StaleRecord


class InvalidForm(BackofficeError):
    """Something in the form is wrong; what, stands beside its fields."""

    status = 422

    def __init__(self) -> None:
        super().__init__("")


class Overlap(StaleRecord):
    """Somebody else changed the same fields to something else."""


@dataclass
class Attempt:
    """What a unit of work made of the form that was sent: of its last try, as it may run more than once."""

    form: Any = None
    record: Any = None
    merged: Merge = field(default_factory=Merge)


class EditingView(FormView):
    """The two pages with a form."""

    create_template = "admin/model/create.html"
    edit_template = "admin/model/edit.html"

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """A new record."""
        self.require("create")
        if request.method != "POST":
            return self._form_page(self.create_template, self.create_form(), self._new_page(), _("New"), None)
        attempt = Attempt()
        try:
            answer = self.once(lambda: self._create(attempt))
        except BackofficeError as refusal:
            if attempt.form is None:
                raise
            self._note(attempt, refusal)
            return self._form_page(self.create_template, attempt.form, self._new_page(), _("New"), refusal)
        if attempt.record is not None:
            self.after_model_change(attempt.form, attempt.record, True)
        return self.say(answer)

    def _create(self, attempt: Attempt) -> Answer:
        form = attempt.form = self.create_form()
        if not form.validate():
            raise InvalidForm
        record = self.build_new_instance()
        put(self.db_session, record, changes(form, None), lambda: self.on_model_change(form, record, True))
        attempt.record = record
        message = _("%(noun)s “%(record)s” was created.", noun=self.singular, record=record)
        return Answer(url=self._next_url(record), messages=[[message, "success"]])

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """A record that exists."""
        self.require("edit")
        if request.method != "POST":
            record = self.fetch(request.args.get("id"))
            page = self.record_page(record, "edit")
            return self._form_page(self.edit_template, self.edit_form(obj=record), page, str(record), None)
        attempt = Attempt()
        try:
            answer = self.once(lambda: self._edit(attempt))
        except BackofficeError as refusal:
            return self._refused(attempt, refusal)
        if attempt.merged.mine:
            self.after_model_change(attempt.form, attempt.record, False)
        return self.say(answer)

    def _edit(self, attempt: Attempt) -> Answer:
        record = self.fetch(request.args.get("id"), anew=True)
        self.save_merged(attempt, record, lambda: self.edit_form(obj=record))
        messages = [list(self._saved_message(record, bool(attempt.merged.mine)))]
        return Answer(url=self._next_url(record), messages=messages + self._merged_message(record, attempt.merged))

    def save_merged(self, attempt: Attempt, record: Any, make_form: Callable[[], Form]) -> None:
        """Write what the form changes; fields others changed meanwhile stay, the same fields in both are an Overlap."""
        attempt.record, form = record, make_form()
        attempt.form, attempt.merged = form, merged = form, self._merge(form, record)
        self._shows(form, record, merged.theirs)
        if not form.validate():
            raise InvalidForm
        if merged.overlap:
            # What is shown from here on is this state, whatever comes before the page is drawn.
            self._made_from(form, record)
            raise Overlap
        if merged.mine:
            # Read after the checks, which may have put a value right.
            mine = {name: form[name].stored for name in merged.mine}  # type: ignore[attr-defined]  # a KeptField
            put(self.db_session, record, mine, lambda: self.on_model_change(form, record, False))

    def _merge(self, form: Form, record: Any) -> Merge:
        sent = request.form
        shown = read_digests(sent.get(SHOWN, ""))
        if not shown and self.is_version(record, sent.get(self.version_field, "")):
            shown = {f.short_name: f.fingerprint(f.object_data) for f in form if isinstance(f, KeptField)}
        chosen = {name: sent.get(CHOICE + name) for name in sent.getlist(CONFLICTING)}
        theirs = [name for name, side in chosen.items() if side == "theirs"]
        merged = merge(form, record, shown, theirs, secret_changed=self._secret_changed(form, record))
        merged.overlap += [
            name for name, side in chosen.items()
            if side not in ("mine", "theirs") and name in merged.mine and name not in merged.overlap
        ]  # fmt: skip
        return merged

    def _secret_changed(self, form: Form, record: Any) -> bool:
        """Whether others have changed a secret meanwhile, where this form brings another: no digest can tell."""
        if not any(isinstance(field, PasswordField) and field.submitted and field.text for field in form):
            return False
        sent = request.form.get(self.version_field, "")
        known = {column for entry in self._entries_since(record, sent) for column in entry.changes}
        return any(is_secret(found) for column in known if (found := self.find(column)))

    def is_version(self, record: Any, text: str) -> bool:
        """Whether the text that a form carried tells the state that the record is in."""
        return text == self.version_text(record)

    def _refused(self, attempt: Attempt, refusal: BackofficeError) -> Any:
        """The form again, with what was typed and what is wrong with it; nothing was saved."""
        if attempt.form is None:
            raise refusal
        record = self.fetch(request.args.get("id"))
        self._note(attempt, refusal)
        found = None
        if isinstance(refusal, Overlap):
            found = conflict(self, attempt.form, record, attempt.merged)
        page = self.record_page(record, "edit", errors=_errors(attempt.form, refusal))
        return self._form_page(self.edit_template, attempt.form, page, str(record), refusal, found)

    def _saved_message(self, record: Any, changed: bool) -> tuple[str, str]:
        if changed:
            return _("%(noun)s “%(record)s” was saved.", noun=self.singular, record=record), "success"
        return _("Nothing was changed, so nothing was saved."), "info"

    def _merged_message(self, record: Any, merged: Merge) -> list[list[str]]:
        """Who changed what meanwhile, where something was put together."""
        if not merged.theirs:
            return []
        labels = _(", ").join(self.label(name) for name in merged.theirs)
        people = _(", ").join(dict.fromkeys(entry.person for entry in self.meanwhile(record) if entry.person))
        people = people or _("Somebody else")
        return [[_("%(people)s changed meanwhile, and it was kept: %(fields)s.", people=people, fields=labels), "info"]]

    def meanwhile(self, record: Any) -> list[Any]:
        """What others did to the record since the form that was sent was made."""
        return self._entries_since(record, request.form.get("since") or request.form.get(self.version_field, ""))

    def _entries_since(self, record: Any, sent: str) -> list[Any]:
        if version_attribute(self.model) is None or not (sent.isascii() and sent.isdigit() and len(sent) < 19):
            return []
        table = self.model.__table__.name
        return history.since_version(self.db_session, table, key_text(record), min(int(sent), 2**31 - 1))

    def _note(self, attempt: Attempt, refusal: BackofficeError) -> None:
        """Put a refusal beside the fields it is about."""
        form = attempt.form
        self._look_up_again(form, attempt.record)
        for name in refusal.names if isinstance(refusal, ValueTaken) else ():
            form[name].errors = [
                *form[name].errors,
                _("Another record already has this value. Choose a different one."),
            ]

    def _look_up_again(self, form: Form, record: Any) -> None:
        """After a rollback the chosen records are stale, and one of them may be what has gone."""
        for each in form:
            if not isinstance(each, RelationField) or each.data is None:
                continue
            if not each.submitted:
                each.data = getattr(record, each.short_name, None)
                continue
            each.data = find_related(self.find(each.name).related, each.text)  # type: ignore[union-attr]  # found
            if each.data is None:
                each.errors = [*each.errors, _("This record is gone. Choose another.")]

    def _new_page(self) -> RecordPage:
        return RecordPage(
            title=_("New %(noun)s", noun=self.singular.lower() if self.singular.isascii() else self.singular),
            form_url=self.page_url("create_view", url=request.args.get("url", "")),
            cancel_url=self.back_url(),
            can_add_another=True,
            is_new=True,
        )

    def _form_page(
        self, template: str, form: Form, page: RecordPage, here: str, error: BackofficeError | None,
        conflict: Conflict | None = None,
    ) -> Any:  # fmt: skip
        if page.is_new:
            page = replace(page, errors=_errors(form, error))
        status = error.status if error else 422 if page.errors else 200
        html = self.render(
            template, form=form, page=page, view=self, conflict=conflict, breadcrumbs=self.breadcrumbs(here)
        )
        return html, status

    def _next_url(self, record: Any) -> str:
        key, back = key_text(record), request.args.get("url", "")
        if "_continue_editing" in request.form and self.may("edit"):
            return self.page_url("edit_view", id=key, url=back)
        if "_add_another" in request.form and self.may("create"):
            return self.page_url("create_view", url=back)
        return self.back_url()


def _errors(form: Form, error: BackofficeError | None) -> list[FieldError]:
    found = [FieldError(f.id, str(f.label.text), str(message)) for f in form for message in f.errors]
    if error is not None and error.message and not isinstance(error, (Overlap, ValueTaken)):
        found.append(FieldError("", "", error.message))
    return found
