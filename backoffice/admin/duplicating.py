"""Duplicating a record: its values in the form of a new one. Nothing is saved until somebody presses Save."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import request
from wtforms import Form

from backoffice.admin.fields import KeptField, PasswordField
from backoffice.admin.linked_creation import LinkedCreationView
from backoffice.admin.presenters import RecordPage
from backoffice.database import limits
from backoffice.database.attributes import Attribute, Kind, is_secret
from backoffice.database.reading import quoted
from backoffice.database.values import print_value
from backoffice.i18n import gettext as _

# What never comes out of a record has no copy.
LEFT_OUT = (Kind.BINARY, Kind.OPAQUE)
# Suggestions that are looked up before a unique field is left empty.
TRIES = 20
# User names, codes and file names: they take no blanks and no brackets.
PLAIN_NAME = re.compile(r"[\w.-]+")
# Addresses are nobody's to make up.
ADDRESS = re.compile(r"@|://")


class DuplicatingView(LinkedCreationView):
    """The create form when it is opened with `copy`, the key of the record to begin with."""

    def create_form(self, obj: Any = None) -> Form:
        """The form of a new record, or of one like the record `copy` names."""
        source = self._source()
        form = super().create_form(obj)
        if source is None:
            return form
        if request.method == "GET":
            form = self._prepared(self._create_form_class(None, data=self._copied(form, source)), None)
        self._explain(form, source)
        return form

    def carried(self) -> dict[str, str]:
        """Also which record is copied, so that the form goes on saying so."""
        copy = request.args.get("copy", "")
        return {**super().carried(), **({"copy": copy} if copy else {})}

    def _source(self) -> Any | None:
        text = request.args.get("copy", "")
        if not text:
            return None
        self.require("read")
        return self.fetch(text)

    def _copied(self, form: Form, source: Any) -> dict[str, Any]:
        """The values of the fields that can be copied, by their names."""
        values: dict[str, Any] = {}
        for field in form:
            found = self.find(field.name)
            if not isinstance(field, KeptField) or found is None or self._is_left_out(field, found):
                continue
            value = getattr(source, field.name)
            values[field.name] = self._unlike(found, value) if found.unique else value
        return values

    def _is_left_out(self, field: KeptField, found: Attribute) -> bool:
        """A key is the new record's own; secrets and files never come along."""
        hidden = isinstance(field, PasswordField) or found.kind in LEFT_OUT or is_secret(found)
        return hidden or self._is_key(found)

    def _unlike(self, found: Attribute, value: Any) -> Any:
        """A value that no record bears yet, made from the copied one; None where none can be made up."""
        if found.kind is not Kind.TEXT or not isinstance(value, str) or not value or ADDRESS.search(value):
            return None
        longest = limits.characters(found.type)
        wanted = [_suggestion(value, number, longest) for number in range(1, TRIES + 1)]
        statement = sa.select(found.expression).where(found.expression.in_(wanted))
        # As the database compares them: `Ada` may stand in the way of `ada`.
        taken = {text.casefold() for text in self.db_session.scalars(statement)}
        return next((text for text in wanted if text.casefold() not in taken), None)

    def _explain(self, form: Form, source: Any) -> None:
        """Say beside a field why it does not hold what the record holds."""
        for field in form:
            found = self.find(field.name)
            if not isinstance(field, KeptField) or found is None or not found.unique:
                continue
            value = None if self._is_left_out(field, found) else getattr(source, field.name)
            if value is not None:
                shown = quoted(print_value(found, value))
                note = _("Only one record may have this value; the copied one has “%(value)s”.", value=shown)
                field.description = f"{field.description} {note}".strip()

    def _new_page(self) -> RecordPage:
        """The page of a new record, which says what was copied and what was not."""
        page, source = super()._new_page(), self._source()
        if source is None:
            return page
        fields = [field for field in self._create_form_class() if isinstance(field, KeptField)]
        left = [str(f.label.text) for f in fields if self._stays_empty(f, source)]
        notices = [_("This is a copy of “%(record)s”. Nothing is saved until you press Save.", record=source)]
        if left:
            notices.append(_("Not copied: %(fields)s.", fields=_(", ").join(left)))
        return replace(page, notices=notices)

    def _stays_empty(self, field: KeptField, source: Any) -> bool:
        found = self.find(field.name)
        if isinstance(field, PasswordField):
            return True
        return found is not None and getattr(source, field.name) is not None and self._is_left_out(field, found)


def _suggestion(value: str, number: int, longest: int | None) -> str:
    """`name (copy)`, `name (copy 2)` …, or `name-copy` where the value is a word without blanks."""
    if value.isascii() and PLAIN_NAME.fullmatch(value):
        ending = "-copy" if number == 1 else f"-copy-{number}"
    else:
        ending = " " + (_("(copy)") if number == 1 else _("(copy %(number)s)", number=number))
    return value[: None if longest is None else max(0, longest - len(ending))] + ending
