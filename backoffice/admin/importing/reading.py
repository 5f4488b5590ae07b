"""Rows as forms: each is read, checked and compared as if somebody had typed it into the form of its record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.fields.core import UnboundField

from backoffice.admin.fields import KeptField, RelationField, changes
from backoffice.admin.fields.base import dialect_name
from backoffice.admin.importing.cells import text_of
from backoffice.admin.importing.mapping import Target, targets
from backoffice.admin.importing.related import Related
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.keys import key_text
from backoffice.database.values import parse_value
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.records.bulk.values import columns_of
from backoffice.records.importing import FileKind
from backoffice.records.importing.matching import Matcher, Values
from backoffice.records.snapshots import encode


@dataclass
class Reading:
    """One row on its way: its cells, the texts they are, what it is matched by, and what is wrong with it."""

    cells: Mapping[str, Any]
    problem: str = ""
    texts: dict[str, str | None] = field(default_factory=dict)
    match: Values | None = None


@dataclass
class Outcome:
    """What a row would do to a record: attributes by name, and columns as [before, after] in the history's texts."""

    values: dict[str, Any]
    columns: dict[str, list[Any]]
    form: Form


class RowForms:
    """Reads the rows of one import, portion by portion."""

    def __init__(self, view: Any, arguments: Mapping[str, Any]) -> None:
        self.view, self.session = view, view.db_session
        self.file = FileKind(arguments["layout"]["kind"])
        known = targets(view)
        missing = [name for name in arguments["columns"].values() if name not in known]
        if missing:
            raise BadInput(_("You may no longer fill “%(field)s” by an import.", field=view.label(missing[0])))
        self.targets: dict[str, Target] = {name: known[name] for name in arguments["columns"].values()}
        self.columns: dict[str, str] = dict(arguments["columns"])
        self.match: list[Target] = [known[name] for name in arguments["match"]]
        self.related = {
            name: Related(target.found.related)
            for name, target in self.targets.items()
            if target.found.kind is Kind.ONE
        }
        self._forms, self._allowed = dict[bool, type[Form]](), dict[bool, set[str]]()
        for new in (True, False):
            self._forms[new], self._allowed[new] = self._form_class(new=new)
        self._plain = {f.short_name: f for f in [*self._forms[False](), *self._forms[True]()]}

    # -- from cells to texts -----------------------------------------------------------------------------------------

    def read(self, rows: Iterable[Reading]) -> list[Reading]:
        """Put the rows into texts, find the records they name, and read what they are matched by."""
        found = list(rows)
        for row in found:
            try:
                row.texts = self._texts(row.cells)
            except BadInput as problem:
                row.problem = row.problem or problem.message
        for name, related in self.related.items():
            related.look_up(text.strip() for row in found if (text := row.texts.get(name)))
        for row in found:
            if not row.problem and self.match:
                try:
                    row.match = self._match(row.texts)
                except BadInput as problem:
                    row.problem = problem.message
        return found

    def _texts(self, cells: Mapping[str, Any]) -> dict[str, str | None]:
        texts: dict[str, str | None] = {}
        for column, name in self.columns.items():
            if column not in cells:  # an object of JSON that leaves it out
                continue
            try:
                texts[name] = text_of(cells[column], self.targets[name].found.kind, self.file)
            except BadInput as problem:
                raise self._about(name, problem.message) from None
        return texts

    def _match(self, texts: Mapping[str, str | None]) -> Values | None:
        """The values by which the record is told; None where one is missing."""
        values: list[Any] = []
        for target in self.match:
            text = texts.get(target.name)
            value = None
            if text is not None and text.strip():
                try:
                    value = self._value(target, text)
                except BadInput as problem:
                    raise self._about(target.name, problem.message) from None
            if value is None:
                return None
            values += [part for _found, part in columns_of(self.view.model, target.name, value)]
        return tuple(values)

    def _value(self, target: Target, text: str) -> Any:
        field = self._plain.get(target.name)
        if isinstance(field, KeptField):
            return field.read(text)
        return parse_value(target.found, text, dialect_name())

    def matcher(self, session: Session, scope: sa.Select[Any]) -> Matcher | None:
        """What finds the records of rows; None where nothing tells them."""
        if not self.match:
            return None
        columns: list[Attribute] = []
        for target in self.match:
            columns += [found for found, _value in columns_of(self.view.model, target.name, None)]
        return Matcher(session, scope.options(*self.view.loading()), self.view.model, columns)

    # -- from texts to changes ---------------------------------------------------------------------------------------

    def outcome(self, row: Reading, record: Any | None) -> Outcome:
        """What the row would change; BadInput says what is wrong with it, field by field."""
        form = self._forms[record is None](self._sent(row.texts, record), obj=record)
        if not form.validate():
            raise BadInput(" ".join(self._problems(form)))
        values = changes(form, record)
        columns: dict[str, list[Any]] = {}
        kept: dict[str, Any] = {}
        for name, value in values.items():
            if self.view.find(name) is None:
                continue
            pairs = {f.name: _pair(f, record, v) for f, v in columns_of(self.view.model, name, value)}
            if record is None or any(before != after for before, after in pairs.values()):
                kept[name] = value
                columns |= {column: pair for column, pair in pairs.items() if pair[0] != pair[1]}
        return Outcome(kept, columns, form)

    def _sent(self, texts: Mapping[str, str | None], record: Any | None) -> MultiDict[str, str]:
        """The texts as a form sends them."""
        allowed = self._allowed[record is None]
        sent: MultiDict[str, str] = MultiDict()
        for name, text in texts.items():
            if name not in allowed or not self.targets[name].is_field:
                continue
            target = self.targets[name].found
            if text is None:
                if record is None:
                    continue  # a default may stand ready
                if target.kind is Kind.BOOLEAN and not target.nullable:
                    raise self._about(name, _("This field is required."))
            text = text or ""
            if target.kind is Kind.ONE and record is not None:
                # As it was exported: the record that it leads to already, even where others bear the name as well.
                now = getattr(record, name)
                text = key_text(now) if now is not None and text.strip() == str(now) else text
            sent[name] = text
        return sent

    def _problems(self, form: Form) -> Sequence[str]:
        return [f"{f.label.text}: {' '.join(map(str, f.errors))}" for f in form if f.errors]

    def _about(self, name: str, problem: str) -> BadInput:
        return BadInput(f"{self.targets[name].label}: {problem}")

    # -- the forms -----------------------------------------------------------------------------------------------------

    def _form_class(self, *, new: bool) -> tuple[type[Form], set[str]]:
        """The form of the page and the fields in it, whose relations look records up among those found together.

        It has the fields that this person may fill; of a record that is there already only those that the file fills,
        as making a field for each cell is what an import takes the most time for.
        """
        base = self.view._create_form_class if new else self.view._edit_form_class
        allowed = {each.short_name for each in self.view._prepared(base(), None)}
        kept = allowed if new else allowed & self.targets.keys()
        fields: dict[str, Any] = {each.short_name: None for each in base() if each.short_name not in kept}
        for name, related in self.related.items():
            unbound = getattr(base, name, None)
            if name in kept and isinstance(unbound, UnboundField) and issubclass(unbound.field_class, RelationField):
                fields[name] = UnboundField(
                    unbound.field_class, *unbound.args, **{**unbound.kwargs, "load": related.loader()}
                )
        return type("ImportForm", (base,), fields), allowed


def _pair(found: Attribute, record: Any | None, value: Any) -> list[Any]:
    """A column as it is and as it would be, as the history keeps them."""
    before = None if record is None else encode(found, getattr(record, found.name))
    return [before, None if isinstance(value, sa.ClauseElement) else encode(found, value)]
