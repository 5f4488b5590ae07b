"""The way back in a record's history: of one field, of one change, to a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from backoffice.admin.base import view_for
from backoffice.admin.editing import Attempt, InvalidForm, Overlap
from backoffice.admin.fields import BinaryField, KeptField, Merge
from backoffice.admin.history import HistoryView, is_unread
from backoffice.admin.once import FORM_ID, Answer, new_form_id
from backoffice.admin.past import Past
from backoffice.database.attributes import Attribute, Kind, attributes
from backoffice.database.keys import key_text, records_of
from backoffice.errors import Conflict, NotAllowed, NotFound
from backoffice.i18n import gettext as _
from backoffice.models import AuditEntry
from backoffice.records import history
from backoffice.records.auditing import change_of
from backoffice.records.linking import attach, detach
from backoffice.records.saving import put
from backoffice.records.snapshots import audited_columns, decode, encode
from backoffice.records.transactions import StaleRecord


class RevertingView(HistoryView):
    """Takes back what the history tells of, as a save like any other: versioned, audited, with the same conflicts."""

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
        entries = history.of_record(self.db_session, self.model.__table__.name, key_text(record), after=moment.id)
        if any(entry.action in ("create", "delete", "restore") for entry in entries):
            raise Conflict(_("It was deleted and restored since then: go back to a moment after that."))
        return history.before(entries)

    def _entry(self, record: Any, text: str) -> AuditEntry:
        table, place = self.model.__table__.name, self._number(text)
        found = history.of_record(self.db_session, table, key_text(record), only=place)
        if not found:
            raise NotFound(_("This is no entry of this record’s history, or too old to be kept."))
        return found[0]

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
            if column is None or not isinstance(field, KeptField) or is_unread(values[column]):
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
            again = partial(attach, values=past.held.get(name))
            for keys, action, change in (
                (past.attached.get(name), "delete", detach),
                (past.detached.get(name), "create", again),
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


def records_of_one(view: RevertingView, name: str, key: str) -> Any:
    """The related record with this key, if this person may see it."""
    found = attributes(view.model)[name]
    return next(iter(_records(found, [key])), None)


def _records(found: Attribute, keys: Iterable[str]) -> list[Any]:
    view = view_for(found.related)
    if view is None:
        return []
    return records_of(view.db_session, view.get_query(), found.related, sorted(keys))
