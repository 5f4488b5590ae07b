"""The page that meets a save whose fields somebody else has changed too: how it was, theirs, yours, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request
from markupsafe import Markup, escape
from wtforms import Form

from backoffice.admin.base import relation_html
from backoffice.admin.fields import KeptField, Merge, RelationField
from backoffice.admin.formatting import formatter
from backoffice.admin.past import LONGEST_SHOWN, Past, moment_html
from backoffice.admin.presenters_history import Alternative, Conflict
from backoffice.database.attributes import Attribute, Kind
from backoffice.i18n import gettext as _
from backoffice.models import AuditEntry
from backoffice.records.snapshots import encode

if TYPE_CHECKING:
    from backoffice.admin.editing import EditingView

# The inputs by which the page is answered: the fields in conflict, and the side chosen in each.
CONFLICTING, CHOICE = "conflicting", "choose-"
# What never comes out is not compared in front of people.
UNSHOWN = ("password", Kind.BINARY)


def conflict(view: EditingView, form: Form, record: Any, merged: Merge) -> Conflict:
    """The fields to choose in, with the sides as far as they are known."""
    entries = view.meanwhile(record)
    originals: dict[str, Any] = {}
    for entry in entries:
        for column, (before, _after) in entry.changes.items():
            originals.setdefault(column, before)
    past = Past(view, originals.items())
    columns = {past.name_of(column): column for column in originals}
    last = next((entry for entry in reversed(entries) if _touches(entry, past, merged.overlap)), None)
    return Conflict(
        by=last.person if last else "",
        at=moment_html(last.at) if last else Markup(""),
        alternatives=[
            _alternative(view, form[name], record, past, columns.get(name), originals) for name in merged.overlap
        ],
        merged=[view.label(name) for name in merged.theirs],
    )


def _touches(entry: AuditEntry, past: Past, names: list[str]) -> bool:
    return any(past.name_of(column) in names for column in entry.changes)


def _alternative(
    view: EditingView, field: Any, record: Any, past: Past, column: str | None, originals: dict[str, Any]
) -> Alternative:
    found, name = view.find(field.short_name), field.short_name
    chosen = request.form.get(CHOICE + name, "")
    is_open = not chosen and name in request.form.getlist(CONFLICTING)
    original = past.html(column, originals[column]) if column else None
    if found is None or field.kind in UNSHOWN:
        changed = escape(_("Another value"))
        label = str(field.label.text)
        return Alternative(name, label, field.id, None, changed, changed, chosen=chosen, is_open=is_open)
    theirs = encode(found, getattr(record, name)) if found.kind is Kind.TEXT else None
    before = originals.get(column) if column else None
    return Alternative(
        name,
        str(field.label.text),
        field.id,
        original,
        view.value_html(record, name, long=True),
        _typed(field, found),
        past.segments(name, before, theirs) if column else (),
        past.segments(name, before, _text(field, found)) if column else (),
        chosen,
        is_open,
    )


def _text(field: KeptField, found: Attribute) -> str | None:
    """The text that would be written: its line ends are not the browser's."""
    return encode(found, field.stored) if found.kind is Kind.TEXT and not field.process_errors else None


def _typed(field: KeptField, found: Attribute) -> Markup:
    """What was typed, as the page would show it; as it stands where it means nothing."""
    if isinstance(field, RelationField) and field.data is not None:
        return relation_html(field.data)
    if field.process_errors or found.kind is Kind.ONE:
        return escape(field.text[:LONGEST_SHOWN])
    return formatter(found, long=True)(field.data)
