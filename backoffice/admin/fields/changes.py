"""What a form changes."""

from __future__ import annotations

from typing import Any

from wtforms import Field, Form

from backoffice.admin.fields.base import KeptField


def changed_value(field: Field, record: Any | None) -> bool:
    """Whether what was sent differs from what the form shows for the record's present value.

    For a new record (None): whether it was filled in, or has to be. A field without the rule never counts.
    """
    if not isinstance(field, KeptField):
        return False
    if record is None:
        return not field.is_kept()
    return field.differs_from(getattr(record, field.short_name))


def changes(form: Form, record: Any | None) -> dict[str, Any]:
    """The changed attributes with their new values, in the form's order; what is left out is to stay as it is."""
    return {
        field.short_name: field.stored
        for field in form
        if isinstance(field, KeptField) and changed_value(field, record)
    }
