"""Everything that anybody changed, for those who may read it."""

from __future__ import annotations

from typing import Any

from flask import get_template_attribute
from flask_babel import ngettext
from markupsafe import Markup, escape

from backoffice.admin.base import BaseRecordView
from backoffice.admin.history import ACTIONS, HistoryView
from backoffice.admin.past import source_words
from backoffice.admin.presenters import Link
from backoffice.admin.record_view import RecordView
from backoffice.admin.tables import noun_of, view_of_table
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import AuditEntry
from backoffice.records.batches import is_batch


def _record(_view: BaseRecordView, _context: Any, entry: AuditEntry, _name: str) -> Markup:
    """The record's name, leading to its history where it is still there to be looked for."""
    if is_batch(entry):
        count = int(entry.record_label.removeprefix("×") or 0)
        return escape(ngettext("%(num)s record", "%(num)s records", count))
    view = view_of_table(entry.table_name)
    label = entry.record_label or f"#{entry.record_key}"
    if view is None or not view.may("read") or entry.action == "delete":
        return escape(label)
    url = view.page_url("history_view", id=entry.record_key)
    return Markup('<a class="value-link" href="{}">{}</a>').format(url, label)


def _noun(_view: BaseRecordView, _context: Any, entry: AuditEntry, _name: str) -> str:
    return noun_of(entry.table_name)


def _person(_view: BaseRecordView, _context: Any, entry: AuditEntry, _name: str) -> str:
    return entry.person or _("Nobody signed in")


def _source(_view: BaseRecordView, _context: Any, entry: AuditEntry, _name: str) -> str:
    return source_words(entry.source)


def _changes(_view: BaseRecordView, _context: Any, entry: AuditEntry, _name: str) -> Any:
    """The values as the record's own history shows them; as they are kept where no view knows the table."""
    view = view_of_table(entry.table_name)
    if not isinstance(view, HistoryView) or not view.may("read"):
        return _("You may not read these records.")
    draw: Any = get_template_attribute("components/timeline.html", "event_changes")
    return draw(view.events([entry], newest=True)[0])


def _fields(_view: BaseRecordView, _context: Any, entry: AuditEntry, _name: str) -> str:
    """Which columns and relations the change touched."""
    view = view_of_table(entry.table_name)
    names = [*(entry.changes if entry.action not in WHOLE else ()), *entry.links]
    if isinstance(view, HistoryView):
        return view.field_words(names)
    return ", ".join(names)


# What concerns a record as a whole, and not some of its fields.
WHOLE = ("create", "delete", "restore")


class ActivityView(RecordView):
    """The history of all records in one list: filtered, searched and exported like any other, changed by nobody."""

    singular_name = _l("History entry")
    can_create = False
    can_edit = False
    can_delete = False
    column_list = ("at", "person", "action", "table_name", "record_label", "fields")
    column_details_list = (
        "id", "at", "person", "address", "source", "change_id", "action", "table_name", "record_label", "record_key",
        "version", "changes", "hash",
    )  # fmt: skip
    column_searchable_list = ("record_label", "person")
    column_filters = ("at", "person", "action", "table_name", "record_key", "source", "address", "change_id", "version")
    column_sortable_list: Any = ("id", "at")
    column_default_sort = ("id", True)
    column_export_list = (
        "id", "at", "person", "address", "source", "change_id", "action", "table_name", "record_key", "record_label",
        "version", "fields", "hash",
    )  # fmt: skip
    column_choices: Any = {"action": [(action, label) for action, (label, _icon) in ACTIONS.items()]}
    column_formatters: Any = {
        "person": _person, "record_label": _record, "table_name": _noun, "fields": _fields,
        "source": _source,
    }  # fmt: skip
    column_formatters_detail: Any = {**column_formatters, "changes": _changes}
    column_formatters_export: Any = {"fields": _fields}
    column_labels: Any = {
        "at": _l("When"),
        "person": _l("Who"),
        "action": _l("Did"),
        "table_name": _l("What"),
        "record_label": _l("Record"),
        "record_key": _l("Record’s key"),
        "fields": _l("Fields"),
        "source": _l("Through"),
        "address": _l("Network address"),
        "change_id": _l("Change"),
        "changes": _l("Values before and after"),
        "hash": _l("Hash"),
    }

    def _tabs(self, key: str, current: str, back: str) -> list[Link]:
        """An entry has no history of its own."""
        return super()._tabs(key, current, back)[:1]
