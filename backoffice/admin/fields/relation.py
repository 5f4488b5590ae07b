"""The field of a relation to one record: a key or an exact name goes in, the record comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wtforms import widgets

from backoffice.admin.fields.base import KeptField
from backoffice.database.attributes import Kind
from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _


class RelationField(KeptField):
    """The related record. `load` finds it by what was typed (None: there is none), `key_of` and `label_of` show it.

    `lookup_url` (where a picker searches), `related_url` (the chosen record's page) and `create_url` (the form of a new
    one, under `create_label`) are given by the view.
    """

    kind = Kind.ONE
    widget = widgets.TextInput()
    lookup_url = ""
    related_url = ""
    create_url = ""
    create_label = ""

    def __init__(
        self,
        label: Any = None,
        validators: Sequence[Any] | None = None,
        *,
        load: Callable[[str], object | None],
        key_of: Callable[[Any], str],
        label_of: Callable[[Any], str] = str,
        nullable: bool = True,
        **kwargs: Any,
    ) -> None:
        self.load, self.key_of, self.label_of = load, key_of, label_of
        self.nullable = nullable
        self.required = not nullable
        super().__init__(label, list(validators or ()), **kwargs)
        if self.required:
            self.flags.required = True

    def shown(self, value: Any) -> str:
        """The record's key."""
        return "" if value is None else self.key_of(value)

    def read(self, text: str) -> Any:
        """The record of this key or exact name."""
        name = text.strip()
        if not name:
            return None
        found = self.load(name)
        if found is None:
            raise BadInput(
                _(
                    "No %(label)s “%(text)s” was found. Choose one from the list.",
                    label=_lower(str(self.label.text)), text=quoted(name),
                )
            )  # fmt: skip
        return found

    def is_same(self, text: str, value: Any) -> bool:
        """The very key; a name has to be looked up first."""
        return text.strip() == self.shown(value)

    def differs_from(self, value: Any) -> bool:
        """Whether another record was named, by its key or otherwise."""
        return self.submitted and (bool(self.process_errors) or self.shown(self.data) != self.shown(value))

    @property
    def data_key(self) -> str:
        """What the input holds: the record's key, or what was typed and could not be found."""
        return self.text if self.process_errors else self.shown(self.data)

    @property
    def data_label(self) -> str:
        """The record's name, or what was typed."""
        if self.process_errors:
            return self.text
        return "" if self.data is None else str(self.label_of(self.data))

    def _value(self) -> str:
        return self.data_key


def _lower(label: str) -> str:
    """The label inside a sentence."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
