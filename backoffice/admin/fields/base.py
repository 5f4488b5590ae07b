"""The rule every field follows: what comes back as it was shown, or does not come back at all, stays as it is.

A form shows text, and text tells less than the database holds: NULL and '' look alike, browsers turn `\\n` into
`\\r\\n` and round times to milliseconds. So a field first compares what was sent with what it showed for the record's
present value; only where they differ is the text read, checked and saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from flask import has_app_context
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.validators import StopValidation

from backoffice.database import limits
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.values import parse_value, print_value
from backoffice.errors import BadInput
from backoffice.extensions import db
from backoffice.i18n import gettext as _


class KeptField(Field):
    """A field that knows whether anybody changed it.

    `shown(value)` is the text for a value, `read(text)` the value of a text, `is_same(text, value)` whether the text
    still means what was shown. `nullable`: no text means None; `required`: no text is refused; `has_default`: a new
    record gets a value from the model or the database where nothing was typed.
    """

    kind: str
    nullable = True
    required = False
    has_default = False
    is_new = True
    submitted = False
    text = ""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Sequence[Any] | None = None) -> None:
        """Take the record's value, then what was sent."""
        self.is_new = data is unset_value
        self.submitted = formdata is not None and self.name in formdata
        super().process(formdata, data, extra_filters)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was sent, if it differs from what was shown."""
        if not self.submitted:
            return
        # Of several inputs of one name the last counts: a checkbox stands behind a hidden `false`.
        self.text = str(valuelist[-1])
        if self.is_same(self.text, self.object_data):
            return
        try:
            self.data = self.read(self.text)
        except BadInput as error:
            raise ValueError(error.message) from None

    def shown(self, value: Any) -> str:
        """The text the form shows for a value."""
        raise NotImplementedError  # each kind of field has its own

    def read(self, text: str) -> Any:
        """The value that a text means; BadInput where it means none."""
        raise NotImplementedError  # each kind of field has its own

    def is_same(self, text: str, value: Any) -> bool:
        """Whether the text is what was shown for the value, whatever the browser did to its line ends."""
        return comparable(text) == comparable(self.shown(value))

    def differs_from(self, value: Any) -> bool:
        """Whether something else than `value` was sent."""
        return self.submitted and not self.is_same(self.text, value)

    def fingerprint(self, value: Any) -> str:
        """A digest of what the form shows for a value: it tells later whether that is still so."""
        return digest(self.shown(value))

    def is_still(self, shown: str | None) -> bool:
        """Whether what was sent, if anything, is what the form with this fingerprint had shown."""
        if not self.submitted or digest(self.text) == shown:
            return True
        return not self.process_errors and digest(self.shown(self.data)) == shown

    def keep(self) -> None:
        """Forget what was sent: the attribute stays as it is."""
        self.submitted, self.text = False, ""
        self.data, self.process_errors = self.object_data, ()

    def is_kept(self) -> bool:
        """Whether saving leaves the attribute alone; a new record's where a default or NULL stands ready."""
        if self.differs_from(self.object_data):
            return False
        return not self.is_new or self.nullable or self.has_default

    @property
    def stored(self) -> Any:
        """What to set on the record."""
        return self.data

    def validate(self, form: Any, extra_validators: Sequence[Any] = ()) -> bool:
        """A value nobody touched is not judged: an older rule let it in, and it is not what is being saved."""
        if not self.is_new and self.is_kept():
            self.errors = []
            return True
        return super().validate(form, list(extra_validators))

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - WTForms passes it
        """Refuse no text where there has to be a value."""
        if self.process_errors:
            raise StopValidation
        nothing = not self.text.strip() if self.submitted else self.data is None
        if self.required and nothing:
            raise StopValidation(_("This field is required."))
        if self.data is None and not self.nullable and not self.is_kept():
            raise StopValidation(_("This field is required."))

    def populate_obj(self, obj: Any, name: str) -> None:
        """Set the attribute if it was changed."""
        if not self.is_kept():
            setattr(obj, name, self.stored)

    def _value(self) -> str:
        return self.text if self.submitted else self.shown(self.data)


class ValueField(KeptField):
    """A column's field: its text is the column's canonical one."""

    # A browser's memory of other records has no place in this one.
    input_attributes: Mapping[str, Any] = {"autocomplete": "off"}

    def __init__(
        self, label: Any = None, validators: Sequence[Any] | None = None, *, attribute: Attribute, **kwargs: Any
    ) -> None:
        self.attribute = attribute
        self.nullable = attribute.nullable
        self.has_default = has_default(attribute)
        self.required = self._is_required()
        kwargs["render_kw"] = {**self.input_attributes, **(kwargs.get("render_kw") or {})}
        super().__init__(label, list(validators or ()), **kwargs)
        if self.required:
            self.flags.required = True

    def _is_required(self) -> bool:
        return not self.nullable and not self.has_default

    def shown(self, value: Any) -> str:
        """The canonical text."""
        return print_value(self.attribute, value)

    def read(self, text: str) -> Any:
        """The value of a text, if the column of this database can hold it."""
        return parse_value(self.attribute, text, dialect_name())

    def is_same(self, text: str, value: Any) -> bool:
        """The same text, or another writing of the same value: browsers send `18:30` for `18:30:00`."""
        if super().is_same(text, value):
            return True
        if self.kind == Kind.TEXT:
            return False
        try:
            return self._means_same(self.read(text), self.read(self.shown(value)))
        except BadInput:
            return False

    def _means_same(self, one: Any, other: Any) -> bool:
        return bool(one == other)


def digest(text: str) -> str:
    """A short digest of a text, whatever a browser did to its line ends."""
    return sha256(comparable(text).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def comparable(text: str) -> str:
    """The text as it is after a round trip through a browser."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def has_default(attribute: Attribute) -> bool:
    """Whether a new record gets a value for this column from the model or the database."""
    column = attribute.column
    return column is not None and any((column.default is not None, column.server_default is not None, column.identity))


def dialect_name() -> str:
    """The database the values are for; none where there is no application, and then the narrowest limits hold."""
    return db.engine.dialect.name if has_app_context() else limits.ANY


def no_value(attribute: Attribute) -> Any:
    """What stands for SQL NULL when it is set: None in a JSON column would be saved as JSON's null."""
    return sa.null() if attribute.kind is Kind.JSON else None
