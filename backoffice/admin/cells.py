"""Editing one cell of a list where it stands: the form's own field, checks, version and hooks, for that field alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from flask import jsonify, request
from flask_admin import expose
from wtforms import Form

from backoffice.admin.address import ListAddress
from backoffice.admin.columns import read_columns
from backoffice.admin.editing import Attempt, EditingView, InvalidForm
from backoffice.admin.fields import KeptField
from backoffice.admin.forms import SHOWN
from backoffice.admin.once import FORM_ID, Answer
from backoffice.admin.past import Past
from backoffice.admin.presenters import Header, Listing, Row
from backoffice.database.attributes import Kind, version_attribute
from backoffice.database.keys import key_text
from backoffice.errors import BadInput, NotFound
from backoffice.i18n import gettext as _
from backoffice.records import history
from backoffice.records.saving import ValueTaken
from backoffice.records.transactions import StaleRecord

# What goes up as a file, is never read, or never comes out has no place in a cell.
NOT_IN_CELLS = (Kind.BINARY, Kind.OPAQUE, "password")


class CellsView(EditingView):
    """The columns of `column_editable_list` can be edited in the list by whoever may edit the record."""

    cell_template = "admin/model/cell.html"

    def get_list_form(self) -> type[Form]:
        """Flask-Admin's own class for this: a cell takes its field from the edit form."""
        return self._edit_form_class  # type: ignore[no-any-return]  # Flask-Admin's own, untyped

    @cached_property
    def cell_names(self) -> tuple[str, ...]:
        """The columns whose cells can be edited: those declared that have a field in the form."""
        fields = {field.name: field for field in self._edit_form_class()}
        declared = [str(getattr(column, "key", column)) for column in self.column_editable_list or ()]
        return tuple(
            name
            for name in declared
            if isinstance(field := fields.get(name), KeptField) and field.kind not in NOT_IN_CELLS
        )

    def is_cell(self, name: str) -> bool:
        """Whether this person edits the column in the list, who may edit the record."""
        return name in self.cell_names and self.may_change(name)

    # -- the two addresses ----------------------------------------------------------------------------------------

    @expose("/cell/")
    def cell_view(self) -> Any:
        """The form of one cell, for a script to put over it; `version` is that of the row as it was shown."""
        record, name = self._cell()
        shown = request.args.get("version") or self.row_version(record)
        form = self._cell_form(record, name)
        stale = shown != self.row_version(record) and self._was_changed(record, name, shown)
        if stale:
            # Without what it was made from the form is refused, until somebody decides to overwrite.
            form[self.version_field].data, form[SHOWN].data = shown, ""
        return self.render(
            self.cell_template,
            form=form,
            field=form[name],
            hidden=[form[own] for own in self._own_fields],
            label=self.label(name),
            post_url=self.page_url("ajax_update", id=key_text(record), name=name),
            version=self.row_version(record),
            theirs=self.value_html(record, name) if stale else "",
        )

    def _was_changed(self, record: Any, name: str, shown: str) -> bool:
        """Whether somebody has changed this very cell since the row was shown; so, where no history can tell."""
        if version_attribute(self.model) is None or not (shown.isascii() and shown.isdigit() and len(shown) < 10):
            return True
        table, now = self.model.__table__.name, int(self.row_version(record))
        entries = history.since_version(self.db_session, table, key_text(record), int(shown))
        known = {entry.version for entry in entries}
        past = Past(self)
        return not set(range(int(shown) + 1, now + 1)) <= known or any(
            past.name_of(column) == name for entry in entries for column in entry.changes
        )

    def is_version(self, record: Any, text: str) -> bool:
        """A list's rows tell their state by the cells that can be edited."""
        return super().is_version(record, text) or text == self.row_version(record)

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> Any:
        """Save one cell. 422 tells what is wrong with it, 409 what somebody else has put there meanwhile."""
        _record, name = self._cell()
        attempt = Attempt()
        try:
            answer = self.once(lambda: self._save_cell(attempt, name))
        except InvalidForm:
            return jsonify(error=" ".join(map(str, attempt.form[name].errors))), 422
        except ValueTaken:
            return jsonify(error=_("Another record already has this value. Choose a different one.")), 422
        except StaleRecord as refusal:
            record = self.fetch(request.args.get("id"))
            return jsonify(error=refusal.message, **self._row_now(record, name)), refusal.status
        if attempt.merged.mine:
            self.after_model_change(attempt.form, attempt.record, False)
        return self._saved(name, answer)

    def _save_cell(self, attempt: Attempt, name: str) -> Answer:
        record = self.fetch(request.args.get("id"), anew=True)
        self.save_merged(attempt, record, lambda: self._cell_form(record, name))
        return Answer(url="", messages=[[_("Saved."), "success"]])

    def _saved(self, name: str, answer: Answer) -> Any:
        try:
            record = self.fetch(request.args.get("id"))
        except NotFound:
            return jsonify(message=_("Saved. You may no longer see this record."), gone=True)
        return jsonify(message=answer["messages"][0][0], **self._row_now(record, name))

    def _row_now(self, record: Any, name: str) -> dict[str, Any]:
        """The record as the list shows it now: other cells may follow from the one that was changed."""
        try:
            names = read_columns(self, request.form.get("columns", ""))
        except BadInput:
            names = ()
        row = self._rows([record], names or self.column_names(self._list_columns))[0]
        cells = {cell.name: cell.html for cell in row.cells}
        theirs = self.value_html(record, name)
        return {"html": cells.get(name, theirs), "theirs": theirs, "version": row.version, "cells": cells}

    def _cell(self) -> tuple[Any, str]:
        self.require("edit")
        name = request.args.get("name", "")
        if not self.is_cell(name):
            raise NotFound(_("This column cannot be edited in the list. Open the record to edit it."))
        return self.fetch(request.args.get("id")), name

    @property
    def _own_fields(self) -> tuple[str, ...]:
        """What every form carries along, beside what people fill in."""
        return FORM_ID, self.version_field, SHOWN

    def _cell_form(self, record: Any, name: str) -> Form:
        """The edit form without its other fields: whatever else is sent changes nothing."""
        form = self.edit_form(obj=record)
        for other in [field.name for field in form if field.name not in (name, *self._own_fields)]:
            del form[other]
        if not request.form:
            self._made_from(form, record)
        # The page may have another element of the field's own name.
        form[name].id = form[name].label.field_id = f"cell-{name}"
        return form

    # -- what the list says about it ------------------------------------------------------------------------------

    def listing(self, address: ListAddress, *, first: int = 0, **options: Any) -> Listing:
        """The list; beside its rows stands where their cells are edited, if any can be."""
        listing = super().listing(address, first=first, **options)
        editable = not first and any(header.editable for header in listing.headers)
        return replace(listing, cell_url=self.page_url("cell_view")) if editable else listing

    def _header(self, address: ListAddress, name: str) -> Header:
        header = super()._header(address, name)
        return replace(header, editable=True) if self.is_cell(name) and self.may("edit") else header

    def _rows(self, records: Sequence[Any], names: Sequence[str]) -> list[Row]:
        rows = super()._rows(records, names)
        if not self.cell_names or not self.may("edit"):
            return rows
        return [row._replace(version=text) for row, text in zip(rows, self._versions(records), strict=True)]

    def row_version(self, record: Any) -> str:
        """What tells the state of a row from a later one: the version, or a hash of what can be edited in it."""
        return self._versions([record])[0]

    def _versions(self, records: Sequence[Any]) -> list[str]:
        version = version_attribute(self.model)
        if version:
            return [str(getattr(record, version)) for record in records]
        fields = [field for field in self._edit_form_class() if field.name in self.cell_names]
        texts = ([field.shown(getattr(record, field.name)) for field in fields] for record in records)
        return [sha256(repr(shown).encode()).hexdigest()[:16] for shown in texts]

    def loading(self, names: Iterable[str] = ()) -> list[Any]:
        """Without a version also the relations that the hash is made of come along."""
        names = list(names)
        return super().loading([*names, *self._hashed()] if names else names)

    def light(self, names: Sequence[str]) -> list[Any]:
        """Without a version also the long texts that the hash is made of come along."""
        return super().light([*names, *self._hashed()])

    def _hashed(self) -> tuple[str, ...]:
        return () if version_attribute(self.model) else self.cell_names
