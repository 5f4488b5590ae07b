"""The field of a binary column: a file goes in, its size is shown, and it can be taken away again."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import widgets
from wtforms.utils import unset_value
from wtforms.validators import StopValidation

from backoffice.admin.fields.base import ValueField, dialect_name
from backoffice.admin.formatting import size_text
from backoffice.database.attributes import Kind
from backoffice.database.values import parse_bytes
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _


class BinaryField(ValueField):
    """An upload. No file chosen leaves the value; `<name>__remove` makes it NULL where it may be; a file wins."""

    kind = Kind.BINARY
    widget = widgets.FileInput()
    download_url = ""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Sequence[Any] | None = None) -> None:
        """Take the record's value, then the file or the wish to be rid of it."""
        super().process(formdata, data, extra_filters)
        sent = formdata.getlist(self.name) if self.submitted else []
        files = [part for part in sent if isinstance(part, FileStorage) and part.filename]
        removed = bool(formdata) and self.removable and formdata.get(f"{self.name}__remove", "") not in ("", "false")
        self.submitted = bool(files) or removed
        if files:
            self._take(files[-1])
        elif removed:
            self.data = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Left to `process`, which sees both inputs."""

    @property
    def current_text(self) -> str:
        """How large the stored value is; nothing where there is none."""
        return "" if self.object_data is None else size_text(len(self.object_data))

    @property
    def removable(self) -> bool:
        """Whether there is a value that may go."""
        return self.nullable and self.object_data is not None

    def differs_from(self, value: Any) -> bool:
        """Whether another file was sent, or NULL where there is a value."""
        return self.submitted and (bool(self.process_errors) or bool(self.data != value))

    def fingerprint(self, value: Any) -> str:
        """A digest of the file itself."""
        return "" if value is None else sha256(value).hexdigest()[:16]

    def is_still(self, shown: str | None) -> bool:  # noqa: ARG002 - a form shows no file
        """Whether neither a file nor the wish to be rid of one was sent."""
        return not self.submitted

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - WTForms passes it
        """A new record's file may be required."""
        if self.process_errors:
            raise StopValidation
        if self.required and self.data is None:
            raise StopValidation(_("This field is required."))

    def _take(self, file: FileStorage) -> None:
        try:
            # A unit of work that is done again reads it again.
            file.stream.seek(0)
            self.data = parse_bytes(self.attribute, file.read(), dialect_name())
        except BadInput as error:
            self.process_errors = [*self.process_errors, error.message]

    def _value(self) -> str:
        return ""
