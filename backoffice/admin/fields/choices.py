"""The fields of values that are chosen, not typed: yes or no, and one of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup
from wtforms import StringField, ValidationError, widgets
from wtforms.widgets import html_params

from backoffice.admin.fields.base import ValueField
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l


class BooleanField(ValueField):
    """Yes or no, as a checkbox; absent it says nothing, so forms send a hidden `false` before it."""

    kind = Kind.BOOLEAN
    widget = widgets.CheckboxInput()

    def _is_required(self) -> bool:
        return False

    def process(self, *args: Any, **kwargs: Any) -> None:
        """No value is no."""
        super().process(*args, **kwargs)
        self.data = bool(self.data)

    def shown(self, value: Any) -> str:
        """No value is no."""
        return super().shown(bool(value))

    def _value(self) -> str:
        return "true"


class SelectInput:
    """A plain `<select>` of a field's `choices`."""

    def __call__(self, field: ChoiceField | SelectField, **kwargs: Any) -> Markup:
        """Draw it with the present value selected."""
        kwargs.setdefault("id", field.id)
        chosen = field._value()
        options = [
            Markup("<option {}>{}</option>").format(_attributes(value=text, selected=text == chosen), label)
            for text, label in field.options()
        ]
        return Markup("<select {}>{}</select>").format(_attributes(name=field.name, **kwargs), Markup("").join(options))


class ChoiceField(ValueField):
    """One of the declared texts; the kind is the column's. A stored value that is none of them stays selectable."""

    kind = Kind.ENUM
    widget = SelectInput()

    def __init__(
        self, *args: Any, choices: Iterable[Any] | Callable[[], Iterable[Any]], attribute: Attribute, **kwargs: Any
    ) -> None:
        self.kind = attribute.kind
        self.choices = choices
        super().__init__(*args, attribute=attribute, **kwargs)

    def options(self) -> list[tuple[str, Any]]:
        """What can be chosen, as text and label: nothing first where that is an answer or none is given yet."""
        pairs = self._pairs()
        known = {text for text, _label in pairs}
        chosen = self._value()
        strange = [(chosen, chosen)] if chosen and chosen not in known else []
        blank = [("", "—")] if "" not in known and (self.nullable or not chosen) else []
        return blank + pairs + strange

    def read(self, text: str) -> Any:
        """One of the choices, nothing else."""
        value = super().read(text)
        if value in (None, ""):
            return None if self.nullable else value
        if text not in {choice for choice, _label in self._pairs()}:
            raise BadInput(_("“%(text)s” is not one of the choices.", text=quoted(text)))
        return value

    def _pairs(self) -> list[tuple[str, Any]]:
        return [_pair(choice) for choice in (self.choices() if callable(self.choices) else self.choices)]


class NullableBooleanField(ChoiceField):
    """Yes, no or no value."""

    kind = Kind.BOOLEAN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["choices"] = (("", _l("No value")), ("true", _l("Yes")), ("false", _l("No")))
        super().__init__(*args, **kwargs)


class SelectField(StringField):
    """One of the given texts, of no column. WTForms' own takes pairs until 3.2 and only its `SelectChoice` from 3.3."""

    widget = SelectInput()

    def __init__(self, *args: Any, choices: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        self.choices = list(choices)
        super().__init__(*args, **kwargs)

    def options(self) -> list[tuple[str, Any]]:
        """What can be chosen, as text and label."""
        return self.choices

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - WTForms gives it
        """One of the choices, nothing else."""
        if self._value() not in {text for text, _label in self.choices}:
            raise ValidationError(_("“%(text)s” is not one of the choices.", text=quoted(self._value())))

    def _value(self) -> str:
        return self.data or ""


def _attributes(**values: Any) -> Markup:
    return Markup(html_params(**values))  # noqa: S704 - html_params escapes them


def _pair(choice: Any) -> tuple[str, Any]:
    value, label = (choice[0], choice[1]) if isinstance(choice, (tuple, list)) else (choice, choice)
    return str(value), label
