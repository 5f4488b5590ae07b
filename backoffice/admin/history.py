"""A record's history: who changed what, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from flask import request
from flask_admin import expose

from backoffice.admin.fields import KeptField
from backoffice.admin.once import new_form_id
from backoffice.admin.past import Past, moment_html, source_words
from backoffice.admin.presence import PresenceView
from backoffice.admin.presenters import Link
from backoffice.admin.presenters_history import Event, FieldChange, LinkChange
from backoffice.database.attributes import is_secret
from backoffice.database.keys import key_text
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.i18n import lazy_pgettext
from backoffice.models import AuditEntry
from backoffice.records import history

EVENTS = 20
NAMED = 20
ACTIONS: dict[str, tuple[Any, str]] = {
    "create": (lazy_pgettext("what was done", "Created"), "plus-circle"),
    "update": (_l("Edited"), "pencil"),
    "delete": (_l("Deleted"), "trash3"),
    "restore": (_l("Restored"), "arrow-counterclockwise"),
    "revert": (_l("Reverted"), "arrow-counterclockwise"),
    "attach": (_l("Links added"), "link-45deg"),
    "detach": (_l("Links removed"), "scissors"),
}


class HistoryView(PresenceView):
    """The page of a record's past, for whoever may read the record."""

    history_template = "admin/model/history.html"

    @expose("/history/")
    def history_view(self) -> Any:
        """The entries of a record, newest first; `before` names the one to go on from."""
        record = self.fetch(request.args.get("id"))
        key, back = key_text(record), request.args.get("url", "")
        before = self._number(request.args.get("before", ""))
        table = self.model.__table__.name
        found = history.of_record(self.db_session, table, key, before=before or None, most=EVENTS + 1)
        shown = found[:EVENTS]
        older = self.page_url("history_view", id=key, url=back, before=shown[-1].id) if len(found) > EVENTS else ""
        return self.render(
            self.history_template,
            page=self.record_page(record, "history"),
            events=self.events(shown, newest=not before),
            older_url=older,
            newest_url=self.page_url("history_view", id=key, url=back) if before else "",
            revert_url=self.page_url("revert_view", id=key, url=back) if self.may("edit") else "",
            version=self.version_text(record),
            form_id=new_form_id(),
            view=self,
            breadcrumbs=self.breadcrumbs(str(record)),
        )

    def events(self, entries: Sequence[AuditEntry], *, newest: bool) -> list[Event]:
        """Entries of this model's records, ready to draw; `newest` where the first is the last that happened."""
        past = Past(self, _kept(entries))
        fields = {f.short_name for f in self._edit_form_class() if isinstance(f, KeptField)}
        return [self._event(entry, past, fields, newest and not place) for place, entry in enumerate(entries)]

    def field_words(self, columns: Sequence[str]) -> str:
        """Columns and relations of an entry, in the words of this view's pages; those it does not show left out."""
        past = Past(self)
        names = dict.fromkeys(past.name_of(column) for column in columns)
        return _(", ").join(self.label(name) for name in names if self.is_shown(name) or name in self.relations())

    def _event(self, entry: AuditEntry, past: Past, fields: set[str], is_last: bool) -> Event:
        label, icon = ACTIONS.get(entry.action, (entry.action, "pencil"))
        made = entry.action in ("create", "delete", "restore")
        changes = [
            FieldChange(
                past.name_of(column),
                past.label(column),
                past.html(column, before),
                past.html(column, after),
                past.segments(column, before, after),
                can_revert=not made and past.name_of(column) in fields and not is_unread(before),
            )
            for column, (before, after) in entry.changes.items()
            if self.is_shown(past.name_of(column))
        ]
        links = [link for name, keys in entry.links.items() if (link := self._links(name, keys, past))]
        return Event(
            entry.id, moment_html(entry.at), entry.person, str(label), icon, source_words(entry.source), entry.address,
            changes, links, entry.version, is_made=made, gone=entry.action == "delete",
            can_revert=not made and (bool(links) or any(change.can_revert for change in changes)),
            can_go_back=not is_last and entry.action != "delete",
        )  # fmt: skip

    def is_shown(self, name: str) -> bool:
        """Whether the view shows this column anywhere: its past is for no other eyes."""
        found = self.find(name)
        if found is None or is_secret(found):
            return name in self.column_names(self._list_columns)
        return name in self._shown_names

    @cached_property
    def _shown_names(self) -> frozenset[str]:
        declared = (self._details_columns, self._list_columns, self._export_columns)
        return frozenset(n for columns in declared for n in self.column_names(columns)) | {*self.form_names(new=False)}

    def _links(self, name: str, keys: Mapping[str, Sequence[str]], past: Past) -> LinkChange | None:
        found = self.relations().get(name)
        if found is None:
            return None
        added, removed = keys.get("added", ()), keys.get("removed", ())
        return LinkChange(
            self.label(name),
            [past.related_html(found.related, key) for key in added[:NAMED]],
            [past.related_html(found.related, key) for key in removed[:NAMED]],
            max(0, len(added) - NAMED) + max(0, len(removed) - NAMED),
        )

    def _number(self, text: str) -> int:
        if not text:
            return 0
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise BadInput(_("“%(text)s” is no entry of this history.", text=text[:40]))
        return int(text)

    def _tabs(self, key: str, current: str, back: str) -> list[Link]:
        tabs = super()._tabs(key, current, back)
        url = self.page_url("history_view", id=key, url=back)
        return [*tabs, Link(_("History"), url, "clock-history", current == "history")] if self.may("read") else tabs


def is_unread(kept: Any) -> bool:
    """Whether only the digest of a value was written down, so that it cannot come back."""
    return isinstance(kept, dict) and "base64" not in kept


def _kept(entries: Sequence[AuditEntry]) -> Iterable[tuple[str, Any]]:
    """The values and links that name other records."""
    for entry in entries:
        for column, pair in entry.changes.items():
            yield from ((column, value) for value in pair)
        for name, keys in entry.links.items():
            for part in ("added", "removed"):
                yield from ((name, key) for key in keys.get(part, ())[:NAMED])
