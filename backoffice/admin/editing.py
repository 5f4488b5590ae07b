"""Creating and editing a record: read the form, compare, save only what changed, say clearly what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from wtforms import Form

from backoffice.admin.fields import RelationField, changes
from backoffice.admin.forms import FormView
from backoffice.admin.presenters import FieldError, Property, RecordPage
from backoffice.admin.related import find_related
from backoffice.database.keys import key_text
from backoffice.errors import BackofficeError
from backoffice.i18n import gettext as _
from backoffice.records.saving import ValueTaken, save
from backoffice.records.transactions import StaleRecord


class EditingView(FormView):
    """The two pages with a form."""

    create_template = "admin/model/create.html"
    edit_template = "admin/model/edit.html"

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """A new record."""
        self.require("create")
        form = self.create_form()
        error: BackofficeError | None = None
        if request.method == "POST" and form.validate():
            record = self.build_new_instance()
            try:
                save(
                    self.db_session,
                    record,
                    changes(form, None),
                    lambda: self.on_model_change(form, record, True),
                )
            except BackofficeError as refusal:
                error = refusal
                self._note(form, refusal)
            else:
                self.after_model_change(form, record, True)
                flash(_("%(noun)s “%(record)s” was created.", noun=self.singular, record=record), "success")
                return redirect(self._next_url(record))
        return self._form_page(self.create_template, form, self._new_page(), _("New"), error)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """A record that exists."""
        self.require("edit")
        record = self.fetch(request.args.get("id"))
        title = str(record)
        form = self.edit_form(obj=record)
        error: BackofficeError | None = None
        if request.method == "POST" and form.validate():
            try:
                changed = self._update(form, record)
            except BackofficeError as refusal:
                error = refusal
                record = self.fetch(request.args.get("id"))
                self._note(form, refusal)
            else:
                flash(*self._saved_message(record, changed))
                return redirect(self._next_url(record))
        conflict = self._conflict(form, record) if isinstance(error, StaleRecord) else ()
        page = self.record_page(record, "edit", errors=_errors(form, error), conflict=conflict)
        return self._form_page(self.edit_template, form, page, title, error)

    def _update(self, form: Form, record: Any) -> bool:
        """Save what changed; StaleRecord where the form was made from an older version."""
        if request.form.get(self.version_field) != self.version_text(record):
            raise StaleRecord
        return self._save(form, record)

    def _save(self, form: Form, record: Any) -> bool:
        """Save what the form changes, if anything."""
        changed = changes(form, record)
        if changed:
            save(self.db_session, record, changed, lambda: self.on_model_change(form, record, False))
            self.after_model_change(form, record, False)
        return bool(changed)

    def _saved_message(self, record: Any, changed: bool) -> tuple[str, str]:
        if changed:
            return _("%(noun)s “%(record)s” was saved.", noun=self.singular, record=record), "success"
        return _("Nothing was changed, so nothing was saved."), "info"

    def _note(self, form: Form, refusal: BackofficeError) -> None:
        """Put a refusal beside the fields it is about."""
        self._look_up_again(form)
        for name in refusal.names if isinstance(refusal, ValueTaken) else ():
            form[name].errors = [
                *form[name].errors,
                _("Another record already has this value. Choose a different one."),
            ]

    def _look_up_again(self, form: Form) -> None:
        """After a rollback the chosen records are stale, and one of them may be what has gone."""
        for field in form:
            if isinstance(field, RelationField) and field.data is not None:
                field.data = find_related(self.find(field.name).related, field.text)  # type: ignore[union-attr]  # found
                if field.data is None:
                    field.errors = [*field.errors, _("This record is gone. Choose another.")]

    def _conflict(self, form: Form, record: Any) -> list[Property]:
        """What the record holds now in the fields that differ from the form; the form then carries today's version."""
        differing = changes(form, record)
        form[self.version_field].data = self.version_text(record)
        return [
            Property(self.label(n), self.value_html(record, n, long=True), name=n) for n in differing if self.find(n)
        ]

    def _new_page(self) -> RecordPage:
        return RecordPage(
            title=_("New %(noun)s", noun=self.singular.lower() if self.singular.isascii() else self.singular),
            form_url=self.page_url("create_view", url=request.args.get("url", "")),
            cancel_url=self.back_url(),
            can_add_another=True,
            is_new=True,
        )

    def _form_page(self, template: str, form: Form, page: RecordPage, here: str, error: BackofficeError | None) -> Any:
        if page.is_new:
            page = replace(page, errors=_errors(form, error))
        status = error.status if error else 422 if page.errors else 200
        html = self.render(template, form=form, page=page, view=self, breadcrumbs=self.breadcrumbs(here))
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
    if error is not None and not isinstance(error, (StaleRecord, ValueTaken)):
        found.append(FieldError("", "", error.message))
    return found
