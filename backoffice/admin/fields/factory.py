"""Which field a column gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from wtforms.fields.core import UnboundField
from wtforms.validators import DataRequired, InputRequired, Optional

from backoffice.admin.fields.base import ValueField, has_default
from backoffice.admin.fields.choices import BooleanField, ChoiceField, NullableBooleanField
from backoffice.admin.fields.files import BinaryField
from backoffice.admin.fields.inputs import (
    DateField,
    DateTimeField,
    IntegerField,
    IntervalField,
    JsonField,
    NumberField,
    OpaqueField,
    TextField,
    TimeField,
    UuidField,
)
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.values import enum_members
from backoffice.i18n import lazy_gettext as _l

FIELDS: dict[Kind, type[ValueField]] = {
    Kind.TEXT: TextField,
    Kind.INTEGER: IntegerField,
    Kind.NUMBER: NumberField,
    Kind.BOOLEAN: BooleanField,
    Kind.DATE: DateField,
    Kind.TIME: TimeField,
    Kind.DATETIME: DateTimeField,
    Kind.INTERVAL: IntervalField,
    Kind.JSON: JsonField,
    Kind.UUID: UuidField,
    Kind.BINARY: BinaryField,
    Kind.OPAQUE: OpaqueField,
}
HELP = {Kind.INTERVAL: _l("Days, hours, minutes and seconds, like 1 02:03:04; with a minus in front if negative.")}
NOT_GIVEN: Any = object()


def field_for(
    attribute: Attribute,
    *,
    label: Any,
    description: Any = "",
    validators: Sequence[Any] = (),
    choices: Any = None,
    render_kw: dict[str, Any] | None = None,
    default: Any = NOT_GIVEN,
) -> UnboundField[Any] | None:
    """The field of a column, unbound; None for what nobody types: relations, computed columns and the version.

    `choices` (texts, pairs of text and label, or a callable giving them) makes a select of any column but a file.
    Without `default` a new record's form shows the model's own, if that is a plain value.
    """
    if attribute.column is None or attribute.column.computed is not None or _is_version(attribute):
        return None
    arguments: dict[str, Any] = {
        "label": label,
        "attribute": attribute,
        "description": description or HELP.get(attribute.kind, ""),
        "validators": _checks(attribute, validators),
        "render_kw": render_kw,
        "default": plain_default(attribute) if default is NOT_GIVEN else default,
    }
    if attribute.kind in (Kind.BINARY, Kind.OPAQUE):
        choices = None
    if choices is None and attribute.kind is Kind.ENUM:
        choices = tuple(enum_members(attribute.type))
    if choices is not None:
        return ChoiceField(choices=choices, **arguments)  # type: ignore[return-value]  # unbound outside a form
    if attribute.kind is Kind.BOOLEAN and attribute.nullable:
        return NullableBooleanField(**arguments)  # type: ignore[return-value]  # unbound outside a form
    return FIELDS[attribute.kind](**arguments)  # type: ignore[return-value]  # unbound outside a form


def plain_default(attribute: Attribute) -> Any:
    """The model's default where it is a plain value: what is computed at the moment of saving is not shown before."""
    column = attribute.column
    if column is None:
        return None
    if isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar:
        return column.default.arg
    if column.default is None and column.server_default is not None and attribute.kind is Kind.BOOLEAN:
        # An unticked box that the database then ticks would be a surprise.
        return _says_yes(column.server_default)
    return None


def _says_yes(server_default: Any) -> bool:
    argument = getattr(server_default, "arg", "")
    return isinstance(argument, sa.True_) or str(argument).strip("'").lower() in ("1", "true")


def _checks(attribute: Attribute, validators: Sequence[Any]) -> list[Any]:
    """The declared validators; what may be empty is not asked to look like an address."""
    demanded = any(isinstance(v, (InputRequired, DataRequired)) for v in validators)
    if demanded or not validators or not (attribute.nullable or has_default(attribute)):
        return list(validators)
    return [Optional(strip_whitespace=False), *validators]


def _is_version(attribute: Attribute) -> bool:
    mapper = getattr(attribute.expression, "parent", None)
    return mapper is not None and mapper.version_id_col is attribute.column
