"""How values of the past are shown: what a history keeps of a column, in the words and formats of today's pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import format_decimal
from markupsafe import Markup, escape

from backoffice.admin.base import BaseRecordView, relation_html, view_for
from backoffice.admin.formatting import formatter
from backoffice.admin.presenters_history import Segment
from backoffice.database.attributes import Attribute, Kind, attribute, attributes
from backoffice.database.keys import has_key, key_text, parse_key
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.models import AuditEntry
from backoffice.records.diffs import diff
from backoffice.records.snapshots import decode

LONGEST_SHOWN = 2000


def moment_html(at: datetime) -> Markup:
    """When something happened, in the reader's time where a script runs."""
    return formatter(attribute(AuditEntry, "at"), long=True)(at)


def source_words(source: str) -> str:
    """Through what something was done: a request by its id, a command by its name."""
    kind, _space, name = source.partition(" ")
    words = {
        "request": _("request %(id)s", id=name),
        "command": _("command %(name)s", name=name),
        "job": _("job %(id)s", id=name),
    }
    return words.get(kind, source)


class Past:
    """Shows what the history keeps of a view's records; related records are looked up once, all together."""

    def __init__(self, view: BaseRecordView, kept: Iterable[tuple[str, Any]] = ()) -> None:
        self.view = view
        self._related: dict[tuple[Any, str], Markup] = {}
        self._look_up(kept)

    def name_of(self, column: str) -> str:
        """What stands for a column on pages: the relation that follows it, where there is one."""
        found = self.view.find(column)
        relation = self._relation(found) if found else None
        return relation.name if relation else column

    def html(self, column: str, kept: Any) -> Markup:
        """A kept value."""
        found = self.view.find(column)
        if kept is None:
            return Markup('<span class="value-null">—</span>')
        if isinstance(kept, dict):
            return self._unread(kept)
        relation = self._relation(found) if found else None
        if relation is not None:
            return self._related.get((relation.related, str(kept))) or escape(f"#{kept}")
        if found is None or found.kind is Kind.TEXT:
            text = str(kept)
            return escape(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…")
        choices = self.view._column_choices_map.get(column)
        try:
            value = decode(found, kept)
        except (BadInput, LookupError, ValueError):
            return escape(kept)
        return escape(choices[value]) if choices and value in choices else formatter(found, long=True)(value)

    def segments(self, column: str, before: Any, after: Any) -> list[Segment]:
        """The way from one text to another, where both are texts worth comparing word by word."""
        found = self.view.find(column)
        if found is None or found.kind is not Kind.TEXT or not isinstance(before, str) or not isinstance(after, str):
            return []
        return [Segment(piece.kind, piece.text) for piece in diff(before, after)]

    def label(self, column: str) -> str:
        """A column's words."""
        return self.view.label(self.name_of(column))

    def related_html(self, model: Any, key: str) -> Markup:
        """A linked record, by its key."""
        return self._related.get((model, key)) or escape(f"#{key}")

    def _unread(self, kept: dict[str, Any]) -> Markup:
        if "base64" in kept:
            return escape(_("a file of %(size)s bytes", size=format_decimal(len(kept["base64"]) * 3 // 4)))
        if "various" in kept:
            return Markup('<span class="value-null">{}</span>').format(_("various"))
        words = _("hidden") if "hidden" in kept else str(kept.get("opaque", ""))
        return Markup('<span class="value-null">{}</span>').format(words)

    def _relation(self, found: Attribute) -> Attribute | None:
        if found.column is None:
            return None
        for other in attributes(self.view.model).values():
            if (
                other.kind is Kind.ONE
                and other.relationship
                and list(other.relationship.local_columns) == [found.column]
            ):
                return other
        return None

    def _look_up(self, kept: Iterable[tuple[str, Any]]) -> None:
        wanted: dict[Any, set[str]] = {}
        for column, value in kept:
            found = self.view.find(column)
            if found is None or not isinstance(value, str):
                continue
            relation = self._relation(found) or (found if found.kind is Kind.MANY else None)
            if relation is not None:
                wanted.setdefault(relation.related, set()).add(value)
        for model, keys in wanted.items():
            view = view_for(model)
            if view is None or not view.may("read"):
                continue
            parsed = [key for text in keys if (key := parse_key(model, text)) is not None]
            if not parsed:
                continue
            rows = view.get_query().where(has_key(model, parsed)).options(*view.light(()))
            for record in view.db_session.scalars(rows).unique():
                self._related[model, key_text(record)] = relation_html(record)
