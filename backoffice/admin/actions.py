"""What is done to ticked rows: bulk actions become jobs, a view's own `@action` runs in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action

from backoffice.access.redirects import safe_target
from backoffice.admin.bulk.asked import AS_LEFT, ticked_keys
from backoffice.admin.bulk.shipped import ShippedBulkView
from backoffice.admin.deleting import SHOWN
from backoffice.admin.once import FORM_ID, new_form_id
from backoffice.admin.presenters import Confirmation
from backoffice.admin.related import may_read
from backoffice.database.attributes import primary_key
from backoffice.database.keys import key_text, records_of
from backoffice.database.paging import read_place
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.errors import BackofficeError, BadInput, NotFound
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l


class ActionsView(ShippedBulkView):
    """A model's `@action` methods."""

    def readable_list(self, back: str) -> str:
        """The list's address one came from, or the list itself where that address cannot be read."""
        path, _mark, query = back.partition("?")
        if path != self.page_url("index_view"):
            return back
        arguments = dict(parse_qsl(query))
        try:
            Selection.read(arguments, self.asked(), self.get_query())
            read_place(lambda name: arguments.get(name, ""), 1)
            self.read_page_size(arguments.get("page_size", ""))
        except BackofficeError:
            return path
        return back

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        """Run the action called `action` on the records of `rowid`; ask first where it wants to be asked."""
        name = request.form.get("action", "")
        if name not in self._actions_data or name in self.action_disallowed_list:
            raise NotFound(_("There is no action “%(name)s” here.", name=quoted(name)))
        if name in self.bulk_actions:
            self.require(self.bulk_actions[name].needs)
            return self.run_bulk(name)
        self.require(name)
        if request.form.get("all") == "yes":
            return self._of_all(name)
        handler, label, confirmation = self._actions_data[name]
        texts = ticked_keys(request.form)
        # The question names them; the action reads them again, as whole as it needs them.
        named = self.get_query().options(*self.loading(), *self.light(()))
        records = records_of(self.db_session, named, self.model, texts)
        back = safe_target(request.form.get("url"), self.page_url("index_view"))
        if not records:
            if (answered := self.answered()) is not None:
                return self.say(answered)
            flash(_("Tick the rows to change first.") if not texts else _("The ticked rows are gone."), "error")
            return redirect(back)
        if len(records) < len(texts):
            flash(
                _("Some of the ticked rows are gone and were left out: %(count)s.", count=len(texts) - len(records)),
                "warning",
            )
        if confirmation and request.form.get("confirmed") != "yes":
            return self.ask(self._action_question(name, str(label), str(confirmation), records, back))
        keys = [key_text(record) for record in records]
        responses: list[Any] = []
        answer = self.once_saying(
            lambda: responses.extend(response for response in (handler(keys),) if response is not None),
            self.readable_list(back),
        )
        return responses[-1] if responses else self.say(answer)

    def _of_all(self, name: str) -> Any:
        """All that match are exported as the list's own export does; any other action is one of ticked rows."""
        if name != "export":
            raise BadInput(_("This can be done to ticked rows only. Untick “All that match”."))
        asked = dict(parse_qsl(request.form.get("selection", "")))
        kept = {word: asked[word] for word in ("search", "where", "sort") if word in asked}
        return redirect(self.page_url("export", export_type="csv", **kept), 303)

    def is_action_allowed(self, name: str) -> bool:
        """Rows can be exported by themselves where their key can be filtered."""
        return super().is_action_allowed(name) and (name != "export" or bool(self._key_filter))

    @property
    def _key_filter(self) -> str:
        """The one column of the key, where the list can be filtered by it."""
        parts = primary_key(self.model)
        found = self.vocabulary.filterable.get(parts[0].name) if len(parts) == 1 else None
        return found.name if found is not None and may_read(found) else ""

    @action("export", _l("Export"))
    def action_export(self, ids: Sequence[str]) -> Any:
        """The ticked rows as CSV, with the columns of an export."""
        where = json.dumps({"all": [[self._key_filter, "in", list(ids)]]}, separators=(",", ":"))
        return redirect(self.page_url("export", export_type="csv", where=where), 303)

    def _action_question(self, name: str, label: str, words: str, records: Sequence[Any], back: str) -> Confirmation:
        hidden = [
            (FORM_ID, new_form_id()), ("action", name), ("confirmed", "yes"), ("url", back),
            *(("rowid", key_text(r)) for r in records)
        ]  # fmt: skip
        labels = [str(record) for record in records[:SHOWN]]
        return Confirmation(
            label, words, labels, max(0, len(records) - SHOWN), (), button=label, hidden=hidden,
            post_url=self.page_url("action_view"), cancel_url=back + AS_LEFT,
        )  # fmt: skip
