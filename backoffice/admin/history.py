"""A record's history: who changed what and when, and the way back: of one field, of one change, to a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from backoffice.admin.base import view_for
from backoffice.admin.editing import Attempt, InvalidForm, Overlap
from backoffice.admin.fields import BinaryField, KeptField, Merge
from backoffice.admin.once import FORM_ID, Answer, new_form_id
from backoffice.admin.past import Past, moment_html, source_words
from backoffice.admin.presence import PresenceView
from backoffice.admin.presenters import Link
from backoffice.admin.presenters_history import Event, FieldChange, LinkChange
from backoffice.database.attributes import Attribute, Kind, attributes, is_secret
from backoffice.database.keys import key_text, records_of
from backoffice.errors import BadInput, Conflict, NotAllowed, NotFound
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import AuditEntry
from backoffice.records import history
from backoffice.records.auditing import change_of
from backoffice.records.linking import attach, detach
from backoffice.records.saving import put
from backoffice.records.snapshots import audited_columns, decode, encode
from backoffice.records.transactions import StaleRecord

EVENTS = 20
NAMED = 20
ACTIONS: dict[str, tuple[Any, str]] = {
    "create": (_l("Created"), "plus-circle"),
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
        entries = history.of_record(self.model.__table__.name, key)
        before = self._number(request.args.get("before", ""))
        if before:
            entries = entries.where(AuditEntry.id < before)
        found = self.db_session.scalars(entries.limit(EVENTS + 1)).all()
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
                can_revert=not made and past.name_of(column) in fields and not _is_unread(before),
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

    # -- the way back ---------------------------------------------------------------------------------------------

    @expose("/revert/", methods=("POST",))
    def revert_view(self) -> Any:
        """Take back a change (`entry`), one `field` of it, or all that came after it (`moment`): a save like any."""
        self.require("edit")
        attempt = Attempt()
        try:
            answer = self.once(lambda: self._revert(attempt))
        except (Overlap, InvalidForm) as refusal:
            return self._refused(attempt, refusal)
        if attempt.merged.mine:
            self.after_model_change(attempt.form, attempt.record, False)
        return self.say(answer)

    def _revert(self, attempt: Attempt) -> Answer:
        record = attempt.record = self.fetch(request.args.get("id"), anew=True)
        if request.form.get("moment"):
            past, after = self._until(record), None
        else:
            entry = self._entry(record, request.form.get("entry", ""))
            past, after = history.before([entry]), {name: pair[1] for name, pair in entry.changes.items()}
            if wanted := request.form.get("field"):
                names = Past(self)
                past.values = {c: v for c, v in past.values.items() if names.name_of(c) == wanted}
                past.attached, past.detached = {}, {}
        change_of(self.db_session).as_action = "revert"
        self._put_back(attempt, past.values, after)
        linked, missing = self._link_back(record, past)
        return self._reverted(record, attempt, linked, missing)

    def _reverted(self, record: Any, attempt: Attempt, linked: int, missing: int) -> Answer:
        url = self.page_url("history_view", id=key_text(record), url=request.args.get("url", ""))
        if attempt.merged.mine or linked:
            labels = _(", ").join(self.label(name) for name in attempt.merged.mine) or _("links")
            messages = [[_("Taken back: %(fields)s.", fields=labels), "success"]]
        else:
            messages = [[_("It is so already: nothing was changed."), "info"]]
        if missing:
            text = ngettext(
                "%(num)s record that was linked is gone.", "%(num)s records that were linked are gone.", missing
            )
            messages.append([text, "warning"])
        return Answer(url=url, messages=messages)

    def _until(self, record: Any) -> history.Past:
        """All that came after a moment, where nothing has come since the page was shown."""
        if request.form.get(self.version_field) != self.version_text(record):
            raise StaleRecord(_("Somebody changed this record meanwhile. Look at its history again, then go back."))
        moment = self._entry(record, request.form.get("moment", ""))
        later = history.of_record(self.model.__table__.name, key_text(record)).where(AuditEntry.id > moment.id)
        entries = self.db_session.scalars(later).all()
        if any(entry.action in ("create", "delete", "restore") for entry in entries):
            raise Conflict(_("It was deleted and restored since then: go back to a moment after that."))
        return history.before(entries)

    def _entry(self, record: Any, text: str) -> AuditEntry:
        entries = history.of_record(self.model.__table__.name, key_text(record))
        entry: AuditEntry | None = self.db_session.scalars(entries.where(AuditEntry.id == self._number(text))).first()
        if entry is None:
            raise NotFound(_("This is no entry of this record’s history, or too old to be kept."))
        return entry

    def _put_back(self, attempt: Attempt, values: Mapping[str, Any], after: Mapping[str, Any] | None) -> None:
        """Set the columns to their past values; an Overlap where one is not what the change had left there."""
        record, past, columns = attempt.record, Past(self), audited_columns(self.model, changed=True)
        attempt.merged = Merge()
        wanted = {past.name_of(column): column for column in values if column in columns}
        texts = MultiDict[str, str]()
        form = attempt.form = self._prepared(self._edit_form_class(texts, obj=record), record)
        form[FORM_ID].data = new_form_id()
        for field in form:
            column = wanted.get(field.short_name)
            if column is None or not isinstance(field, KeptField) or _is_unread(values[column]):
                continue
            now = encode(columns[column], getattr(record, column))
            if now == values[column]:
                continue
            exact = self._put_into(field, columns[column], values[column])
            attempt.merged.mine[field.short_name] = exact
            if after is not None and now != after.get(column):
                attempt.merged.overlap.append(field.short_name)
        self._made_from(form, record)
        if not form.validate():
            raise InvalidForm
        if attempt.merged.overlap:
            raise Overlap
        if attempt.merged.mine:
            put(self.db_session, record, attempt.merged.mine, lambda: self.on_model_change(form, record, False))

    def _put_into(self, field: KeptField, found: Attribute, kept: Any) -> Any:
        """Let the form's field hold a past value, as if it had been typed; the value to set."""
        value = decode(found, kept)
        if field.kind is Kind.ONE or isinstance(field, BinaryField):
            field.submitted, field.text = True, "" if kept is None else str(kept)
            if field.kind is Kind.ONE and kept is not None:
                value = records_of_one(self, field.short_name, str(kept))
                if value is None:
                    raise Conflict(
                        _("%(label)s “%(key)s” is gone, so it cannot be put back.", label=field.label.text, key=kept)
                    )
            field.data = value
        else:
            field.submitted, field.text, field.data = True, field.shown(None if kept is None else value), value
        return value

    def _link_back(self, record: Any, past: history.Past) -> tuple[int, int]:
        """Take away the links that were added, bring back those removed; how many that were, and how many are gone."""
        changed = missing = 0
        for name in {**past.attached, **past.detached}:
            found = self.relations().get(name)
            if found is None or found.relationship is None:
                continue
            for keys, action, change in (
                (past.attached.get(name), "delete", detach),
                (past.detached.get(name), "create", attach),
            ):
                if keys:
                    self._require_link(found, action)
                    others = _records(found, keys)
                    missing += len(keys) - len(others)
                    changed += change(self.db_session, record, found.relationship, others)
        return changed, missing

    def _require_link(self, found: Attribute, action: str) -> None:
        if not self.may_link(found, action):
            raise NotAllowed(_("You may not change these links. Ask an administrator for a role that may."))

    def _tabs(self, key: str, current: str, back: str) -> list[Link]:
        tabs = super()._tabs(key, current, back)
        url = self.page_url("history_view", id=key, url=back)
        return [*tabs, Link(_("History"), url, "clock-history", current == "history")] if self.may("read") else tabs


def records_of_one(view: HistoryView, name: str, key: str) -> Any:
    """The related record with this key, if this person may see it."""
    found = attributes(view.model)[name]
    return next(iter(_records(found, [key])), None)


def _records(found: Attribute, keys: Iterable[str]) -> list[Any]:
    view = view_for(found.related)
    if view is None:
        return []
    return records_of(view.db_session, view.get_query(), found.related, sorted(keys))


def _is_unread(kept: Any) -> bool:
    return isinstance(kept, dict) and "base64" not in kept


def _kept(entries: Sequence[AuditEntry]) -> Iterable[tuple[str, Any]]:
    """The values and links that name other records."""
    for entry in entries:
        for column, pair in entry.changes.items():
            yield from ((column, value) for value in pair)
        for name, keys in entry.links.items():
            for part in keys.values():
                yield from ((name, key) for key in part[:NAMED])
