"""The bulk actions that every view has: setting a field, and deleting with all that goes along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask_admin.contrib.sqla import ModelView
from flask_babel import ngettext
from wtforms import ValidationError

from backoffice.admin.bulk.declared import Asked, Given, bulk_action
from backoffice.admin.bulk.view import SEEN_ROWS, BulkView
from backoffice.admin.cells import NOT_IN_CELLS
from backoffice.admin.fields import KeptField
from backoffice.admin.fields.choices import SelectField
from backoffice.database.attributes import Kind, attribute
from backoffice.database.keys import key_text
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.records.bulk.change import Change, EachRecord
from backoffice.records.bulk.removing import Remove
from backoffice.records.bulk.values import SetValues

if TYPE_CHECKING:
    from collections.abc import Iterable

# The select that says which field is to be set.
FIELD = "set_field"


def _set_fields(view: ShippedBulkView, given: Given) -> Mapping[str, Any]:
    names = view.settable_names()
    chosen = next(iter(given.get(f"with-{FIELD}", ())), "")
    fields: dict[str, Any] = {
        FIELD: SelectField(_l("Field"), choices=[("", ""), *((name, view.label(name)) for name in names)])
    }
    if chosen in names and (field := view._field(attribute(view.model, chosen))):
        fields[chosen] = field
    return fields


def _deleted(count: int) -> str:
    return str(ngettext("%(num)s record was deleted.", "%(num)s records were deleted.", count))


class ShippedBulkView(BulkView):
    """Bulk actions that need no declaration."""

    def settable_names(self) -> list[str]:
        """The fields of the edit form that may hold the same in many records, as far as this person may change them."""
        form = self._prepared(self._edit_form_class(), None)
        return [
            field.name
            for field in form
            if isinstance(field, KeptField)
            and field.kind not in NOT_IN_CELLS
            and field.kind is not Kind.JSON  # databases compare it each in their own way, or not at all
            and (found := self.find(field.name)) is not None
            and not found.unique
        ]

    @bulk_action("set", _l("Set a field"), icon="pencil", permission="edit", fields=_set_fields, more=True)
    def set_change(self, asked: Asked) -> Change:
        """One field of the edit form, set to one value."""
        name = asked[FIELD]
        if name not in self.settable_names():
            raise BadInput(_("Choose the field that is to be set."))
        value = asked.form[name].stored  # type: ignore[attr-defined]  # a KeptField
        if SetValues.can_set(self.model, name) and type(self).on_model_change is ModelView.on_model_change:
            return SetValues(self.model, {name: value})
        return self._set_each(asked, name, value)

    def _set_each(self, asked: Asked, name: str, value: Any) -> Change:
        """Record by record, where the view has a say in every save, or something is made from the value."""

        def work(record: Any) -> bool:
            if getattr(record, name) == value:
                return False
            setattr(record, name, value)
            try:
                self.on_model_change(asked.form, record, False)
            except ValidationError as refusal:
                raise BadInput(str(refusal)) from None
            return True

        return EachRecord(work, {name: value})

    @bulk_action(
        "delete", _l("Delete"), icon="trash", danger=True, done=_deleted,
        question=_l("They can be brought back from “Recently deleted” for a while."),
    )  # fmt: skip
    def delete_change(self, asked: Asked) -> Change:
        """Delete them, with what was chosen for what hangs on them."""
        given = {name: texts[0] for name, texts in asked.given.items() if texts}
        seen = dict(text.rpartition("=")[::2] for text in asked.given.get(SEEN_ROWS, ()))

        def before(records: Iterable[Any]) -> None:
            for record in records:
                self.on_model_delete(record)

        return Remove(
            lambda records: self.choices_for(records, given), before, self.after_model_delete,
            lambda record: seen.get(key_text(record)) in (None, self.version_text(record)),
        )  # fmt: skip
