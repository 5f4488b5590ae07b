"""The fields of plain values: what each shows, which input it uses, and where its reading differs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from wtforms import widgets

from backoffice.admin.fields.base import KeptField, ValueField, comparable, no_value
from backoffice.database import limits
from backoffice.database.attributes import Kind
from backoffice.database.json_text import print_json
from backoffice.database.moments import is_aware

SINGLE_LINE = 255
# What browsers take as a value of their date and time inputs; anything else they empty without a word.
_DATE = r"(?!0000)\d{4}-(?!00)\d{2}-(?!00)\d{2}"
_TIME = r"\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?"
PICKABLE = {"date": re.compile(_DATE), "time": re.compile(_TIME), "datetime-local": re.compile(f"{_DATE}T{_TIME}")}


class TextField(ValueField):
    """Text; on several lines where the column or the value is long, since a one-line input loses line ends."""

    kind = Kind.TEXT
    widget: Any = widgets.TextInput()
    multiline = False

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Choose the input by the value."""
        super().process(*args, **kwargs)
        length = limits.characters(self.attribute.type)
        is_long = isinstance(limits.undecorated(self.attribute.type), sa.Text) or (length or 0) > SINGLE_LINE
        self.multiline = is_long or "\n" in comparable(self._value())
        if self.multiline and isinstance(self.widget, widgets.TextInput):
            self.widget = widgets.TextArea()

    def read(self, text: str) -> Any:
        """Lines end in `\\n`; no text is NULL where the column may be NULL."""
        value = super().read(text.replace("\r\n", "\n").replace("\r", "\n"))
        return None if value == "" and self.nullable else value


class IntegerField(ValueField):
    """A whole number. Not `type=number`: browsers empty what they cannot read and round what is large."""

    kind = Kind.INTEGER
    widget = widgets.TextInput()
    input_attributes = {"autocomplete": "off", "inputmode": "numeric"}


class NumberField(IntegerField):
    """A decimal or floating-point number."""

    kind = Kind.NUMBER
    input_attributes = {"autocomplete": "off", "inputmode": "decimal"}


class UuidField(ValueField):
    """A UUID as text."""

    kind = Kind.UUID
    widget = widgets.TextInput()


class IntervalField(ValueField):
    """A length of time as text."""

    kind = Kind.INTERVAL
    widget = widgets.TextInput()
    input_attributes = {"autocomplete": "off", "placeholder": "0 00:00:00"}


class _PickedField(ValueField):
    """A value that browsers have a picker for; plain text where theirs could not hold it."""

    input_type: str

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Choose the input and its step by the value."""
        super().process(*args, **kwargs)
        text = self._value()
        pickable = not text or PICKABLE[self.input_type].fullmatch(text)
        self.widget = widgets.TextInput()
        self.widget.input_type = self.input_type if pickable else "text"
        if pickable and self.input_type != "date":
            step = "0.001" if "." in text else "1"
            self.render_kw = {"step": step, **(self.render_kw or {})}


class DateField(_PickedField):
    """A day."""

    kind = Kind.DATE
    input_type = "date"


class TimeField(_PickedField):
    """A time of the day, to the millisecond; smaller fractions stay as they are while nobody changes the rest."""

    kind = Kind.TIME
    input_type = "time"

    def shown(self, value: Any) -> str:
        """The canonical text, cut to the milliseconds that a picker can hold."""
        text = super().shown(value)
        return text[:-3] if re.search(r"\.\d{6}$", text) else text


class DateTimeField(TimeField):
    """A day and a time; in UTC where the column keeps moments."""

    kind = Kind.DATETIME
    input_type = "datetime-local"

    @property
    def in_utc(self) -> bool:
        """Whether the page has to say that the time is in UTC."""
        return is_aware(self.attribute.type)


class JsonField(ValueField):
    """JSON. No text is SQL NULL, `null` is JSON's; which of them an untouched value was is kept."""

    kind = Kind.JSON
    multiline = True
    widget: Any = widgets.TextArea()

    def shown(self, value: Any) -> str:
        """Objects and lists over several lines; nothing for a new record."""
        if value is None and self.is_new:
            return ""
        return print_json(value, nullable=self.nullable, pretty=isinstance(value, (dict, list)) and bool(value))

    def _means_same(self, one: Any, other: Any) -> bool:
        # In Python 1 == True == 1.0; in JSON they differ.
        return print_json(one, nullable=self.nullable) == print_json(other, nullable=self.nullable)

    @property
    def stored(self) -> Any:
        """SQL NULL is said in so many words."""
        return no_value(self.attribute) if self.data is None else self.data


class OpaqueField(ValueField):
    """A value that only a program can make: its type is shown, nothing is read from input, least of all a pickle."""

    kind = Kind.OPAQUE
    widget = widgets.TextInput()
    readonly = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.required = False
        self.flags.required = False
        self.render_kw = {**(self.render_kw or {}), "readonly": True}

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - it is not looked at
        """Only the record's value counts."""
        super().process(None, *args, **kwargs)

    def is_kept(self) -> bool:
        """Always."""
        return True

    def is_still(self, shown: str | None) -> bool:  # noqa: ARG002 - nothing is read from input
        """Always."""
        return True


class PasswordField(KeptField):
    """A password: goes in, never comes out; left empty, the present one stays."""

    kind = "password"
    widget = widgets.PasswordInput(hide_value=True)

    def __init__(self, label: Any = None, validators: Sequence[Any] | None = None, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"autocomplete": "new-password", **(kwargs.get("render_kw") or {})}
        super().__init__(label, list(validators or ()), **kwargs)

    def shown(self, value: Any) -> str:  # noqa: ARG002 - a password is not shown
        """Nothing, ever."""
        return ""

    def is_still(self, shown: str | None) -> bool:  # noqa: ARG002 - a form shows no password
        """Whether none was typed."""
        return not self.submitted or not self.text

    def read(self, text: str) -> str:
        """The password as typed, spaces and all."""
        return text

    def _value(self) -> str:
        return ""
