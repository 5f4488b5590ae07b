"""Forms made from the declaration: which fields, in which order, with which words and checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

from flask_admin.form import BaseForm, recreate_field
from flask_admin.helpers import get_form_data
from wtforms import Form, HiddenField
from wtforms.fields.core import UnboundField

from backoffice.admin.base import view_for
from backoffice.admin.fields import (
    BinaryField,
    KeptField,
    PasswordField,
    RelationField,
    digests,
    field_for,
    read_digests,
)
from backoffice.admin.once import FORM_ID, OnceView, new_form_id
from backoffice.admin.related import find_related
from backoffice.database.attributes import Attribute, Kind, attribute, attributes, is_secret, version_attribute
from backoffice.database.keys import key_text

# The hidden field with a digest of what each field had shown.
SHOWN = "shown"


class FormView(OnceView):
    """Builds the classes of the two forms once, at start-up, and their instances per request."""

    def scaffold_form(self) -> type[Form]:
        """The fields of an existing record."""
        return self._form_class(new=False)

    def get_create_form(self) -> type[Form]:
        """A new record's form also asks for the parts of its key that people give."""
        return self.form or self._form_class(new=True)

    def create_form(self, obj: Any = None) -> Form:
        """The form of a new record, with what was typed."""
        form = self._prepared(self._create_form_class(get_form_data(), obj=obj), None)
        if FORM_ID in form:
            form[FORM_ID].data = form[FORM_ID].data or new_form_id()
        return form

    def edit_form(self, obj: Any = None) -> Form:
        """The form of a record, with what was typed over what it holds."""
        data = get_form_data()
        form = self._prepared(self._edit_form_class(data, obj=obj), obj)
        form[FORM_ID].data = form[FORM_ID].data or new_form_id()
        if data is None:
            self._made_from(form, obj)
        return form

    def _made_from(self, form: Form, record: Any) -> None:
        """Let the form carry what it is made from: the record's version, and a digest of each field's value."""
        form[self.version_field].data = self.version_text(record)
        form[SHOWN].data = json.dumps(digests(form, record), separators=(",", ":"))

    def _shows(self, form: Form, record: Any, names: Sequence[str]) -> None:
        """Some fields show the record's present values now; the others were made from what the form says."""
        if names:
            now = digests(form, record)
            sent = read_digests(str(form[SHOWN].data or ""))
            form[SHOWN].data = json.dumps(sent | {name: now[name] for name in names}, separators=(",", ":"))

    @cached_property
    def version_field(self) -> str:
        """The hidden field that carries the version; a column of that name which is none keeps its own."""
        taken = self.find("version") is not None and version_attribute(self.model) != "version"
        return "record_version" if taken else "version"

    def version_text(self, record: Any) -> str:
        """What tells a form's state of a record from a later one: its version, or a hash of all that the form shows."""
        version = version_attribute(self.model)
        if version:
            return str(getattr(record, version))
        shown = [
            (f.name, f.shown(getattr(record, f.name)))
            for f in self._edit_form_class()
            if isinstance(f, KeptField) and not isinstance(f, PasswordField)
        ]
        return sha256(repr(shown).encode()).hexdigest()

    def form_names(self, *, new: bool) -> list[str]:
        """The attributes of the form in order: declared in `form_columns`, or all that people may type."""
        declared = [str(getattr(c, "key", c)) for c in self.form_columns or ()]
        names = declared or [a.name for a in attributes(self.model).values() if self._is_typed(a)]
        excluded = {str(getattr(c, "key", c)) for c in self.form_excluded_columns or ()}
        return [n for n in names if n not in excluded and (new or not self._is_key(self.find(n)))]

    def _is_typed(self, found: Attribute) -> bool:
        if found.kind is Kind.MANY or found.name in self.system_columns or self.is_foreign_key(found):
            return False
        return not is_secret(found) and not (found.primary_key and _is_made_by_itself(found))

    def _is_key(self, found: Attribute | None) -> bool:
        if found is None:  # a field of `form_extra_fields`
            return False
        if found.kind is Kind.ONE and found.relationship is not None:
            return any(column.primary_key for column in found.relationship.local_columns)
        return found.primary_key

    def _form_class(self, *, new: bool) -> type[Form]:
        extra = self.form_extra_fields or {}
        names = self.form_names(new=new)
        # Declared fields are made anew: WTForms orders by when a field was made, and people by `form_columns`.
        fields = {
            name: field
            for name in dict.fromkeys((*names, *extra))
            if (field := recreate_field(extra[name]) if name in extra else self._field(attribute(self.model, name)))
        }
        fields[FORM_ID] = HiddenField(id="form-id")
        if not new:
            fields[self.version_field] = HiddenField(id="record-version")
            fields[SHOWN] = HiddenField(id="form-shown")
        return type(f"{self.model.__name__}Form", (self.form_base_class or BaseForm,), fields)

    def _field(self, found: Attribute) -> UnboundField[Any] | None:
        args = dict((self.form_args or {}).get(found.name, {}))
        label = args.pop("label", None) or self.lazy_label(found.name)
        args.setdefault("description", (self.column_descriptions or {}).get(found.name, ""))
        args.setdefault("render_kw", (self.form_widget_args or {}).get(found.name))
        field: UnboundField[Any] | None
        if found.kind is Kind.ONE:
            field = self._relation_field(found, label, args)
        else:
            args.setdefault("choices", (self.form_choices or {}).get(found.name))
            field = field_for(found, label=label, **args)
        return field

    def _relation_field(self, found: Attribute, label: Any, args: dict[str, Any]) -> Any:
        return RelationField(
            label,
            load=lambda text: find_related(found.related, text),
            key_of=key_text,
            label_of=str,
            nullable=found.nullable,
            description=args["description"],
            render_kw=args["render_kw"],
            validators=list(args.get("validators", ())),
        )

    def _prepared(self, form: Form, record: Any) -> Form:
        """Give the fields the addresses that only a request knows, and take away what the person may not touch."""
        for field in [field for field in form if not self.may_change(field.short_name)]:
            del form[field.short_name]
        for field in form:
            if isinstance(field, RelationField):
                related = view_for(attribute(self.model, field.short_name).related)
                field.lookup_url = related.page_url("lookup_view") if related and related.may("read") else ""
                field.related_url = related.record_url(field.data) if related and field.data is not None else ""
            elif isinstance(field, BinaryField) and record is not None:
                field.download_url = self.page_url("download_view", id=key_text(record), name=field.name)
        return form


def _is_made_by_itself(found: Attribute) -> bool:
    """Whether the database or the model makes this part of the key."""
    column = found.column
    if column is None or column.default is not None or column.server_default is not None:
        return True
    alone = len(column.table.primary_key) == 1
    return alone and found.kind is Kind.INTEGER and column.autoincrement in (True, "auto")
