"""Form fields, one for each kind of column, and the rule that a save that changes nothing changes nothing."""

from backoffice.admin.fields.base import KeptField, ValueField
from backoffice.admin.fields.changes import changed_value, changes
from backoffice.admin.fields.choices import BooleanField, ChoiceField, NullableBooleanField
from backoffice.admin.fields.factory import field_for
from backoffice.admin.fields.files import BinaryField
from backoffice.admin.fields.inputs import (
    DateField,
    DateTimeField,
    IntegerField,
    IntervalField,
    JsonField,
    NumberField,
    OpaqueField,
    PasswordField,
    TextField,
    TimeField,
    UuidField,
)
from backoffice.admin.fields.markdown import MarkdownField
from backoffice.admin.fields.merging import Merge, digests, merge, read_digests
from backoffice.admin.fields.relation import RelationField

__all__ = [
    "BinaryField",
    "BooleanField",
    "ChoiceField",
    "DateField",
    "DateTimeField",
    "IntegerField",
    "IntervalField",
    "JsonField",
    "KeptField",
    "MarkdownField",
    "Merge",
    "NullableBooleanField",
    "NumberField",
    "OpaqueField",
    "PasswordField",
    "RelationField",
    "TextField",
    "TimeField",
    "UuidField",
    "ValueField",
    "changed_value",
    "changes",
    "digests",
    "field_for",
    "merge",
    "read_digests",
]
