"""Deleting, and actions on the ticked rows: asked first where it matters, one transaction, one clear result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import format_decimal, ngettext

from backoffice.access.redirects import safe_target
from backoffice.admin.presenters import Confirmation
from backoffice.admin.relations import RelationsView
from backoffice.database.keys import key_text, records_of
from backoffice.database.paging import read_place
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.errors import BackofficeError, BadInput, NotFound
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.records.deleting import COUNT_CAP, Consequence, consequences, delete

MAX_ROWS = 1000
SHOWN = 10


class ActionsView(RelationsView):
    """A model's deletion page and its `@action` methods."""

    confirm_template = "admin/model/confirm.html"

    # -- one record -----------------------------------------------------------------------------------------------

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> Any:
        """GET asks and tells what else goes; POST (with Flask-Admin's `id` and `url` fields) deletes."""
        self.require("delete")
        record = self.fetch(request.values.get("id"))
        back = safe_target(request.values.get("url"), self.page_url("index_view"))
        if request.method == "POST":
            name = str(record)
            self._delete([record])
            flash(_("%(noun)s “%(record)s” was deleted.", noun=self.singular, record=name), "success")
            return redirect(self.readable_list(back))
        question = self.deletion_question(
            [record],
            post_url=self.page_url("delete_view"),
            cancel_url=self.page_url("details_view", id=key_text(record), url=back),
            hidden=[("id", key_text(record)), ("url", back)],
        )
        return self._ask(question)

    def _delete(self, records: Sequence[Any]) -> int:
        for record in records:
            self.on_model_delete(record)
        count = delete(self.db_session, records)
        for record in records:
            self.after_model_delete(record)
        return count

    def deletion_question(self, records: Sequence[Any], **addresses: Any) -> Confirmation:
        """What is about to be deleted, with all that goes along."""
        alone, count = len(records) == 1, format_decimal(len(records))
        return Confirmation(
            title=_("Delete %(noun)s “%(record)s”?", noun=self.singular, record=records[0])
            if alone
            else _("Delete %(count)s records?", count=count),
            question=_("This cannot be undone."),
            labels=[str(record) for record in records[:SHOWN]],
            more=max(0, len(records) - SHOWN),
            consequences=[self._in_words(c) for c in consequences(self.db_session, records)],
            button=_("Delete") if alone else _("Delete %(count)s records", count=count),
            danger=True,
            **addresses,
        )

    def _in_words(self, found: Consequence) -> str:
        count = format_decimal(min(found.count, COUNT_CAP))
        count = _("more than %(count)s", count=count) if found.capped else count
        label = self.label(found.relation)
        sentences: dict[str, str] = {
            "delete": _("%(label)s: %(count)s records are deleted too.", label=label, count=count),
            "links": _("%(label)s: %(count)s links go; what they lead to stays.", label=label, count=count),
            "unlink": _("%(label)s: %(count)s records stay and lose their link.", label=label, count=count),
            "refuse": _("%(label)s: %(count)s records forbid it. Remove or move them first.", label=label, count=count),
        }
        return sentences[found.rule]

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

    # -- ticked rows ----------------------------------------------------------------------------------------------

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        """Run the action called `action` on the records of `rowid`; ask first where it wants to be asked."""
        name = request.form.get("action", "")
        if name not in self._actions_data or name in self.action_disallowed_list:
            raise NotFound(_("There is no action “%(name)s” here.", name=quoted(name)))
        self.require(name)
        handler, label, confirmation = self._actions_data[name]
        texts = list(dict.fromkeys(request.form.getlist("rowid")))
        if len(texts) > MAX_ROWS:
            raise BadInput(_("Choose at most %(most)s rows at a time.", most=MAX_ROWS))
        # The question names them; the action reads them again, as whole as it needs them.
        named = self.get_query().options(*self.loading(), *self.light(()))
        records = records_of(self.db_session, named, self.model, texts)
        back = safe_target(request.form.get("url"), self.page_url("index_view"))
        if not records:
            flash(_("Tick the rows to change first.") if not texts else _("The ticked rows are gone."), "error")
            return redirect(back)
        if len(records) < len(texts):
            flash(
                _("Some of the ticked rows are gone and were left out: %(count)s.", count=len(texts) - len(records)),
                "warning",
            )
        if confirmation and request.form.get("confirmed") != "yes":
            return self._ask(self._action_question(name, str(label), str(confirmation), records, back))
        response = handler([key_text(record) for record in records])
        return response if response is not None else redirect(self.readable_list(back))

    def is_action_allowed(self, name: str) -> bool:
        """An action is a permission of its own: `model:action`."""
        return super().is_action_allowed(name) and self.may(name)

    def ticked(self, ids: Sequence[str]) -> list[Any]:
        """The records an action works on: those of `ids` that this person may see."""
        return records_of(self.db_session, self.get_query(), self.model, ids)

    @action("delete", _l("Delete"), _l("Delete the ticked records?"))
    def action_delete(self, ids: Sequence[str]) -> None:
        """Delete the ticked records with all that goes with them."""
        count = self._delete(self.ticked(ids))
        flash(ngettext("%(num)s record was deleted.", "%(num)s records were deleted.", count), "success")

    def _action_question(self, name: str, label: str, words: str, records: Sequence[Any], back: str) -> Confirmation:
        addresses: dict[str, Any] = {
            "post_url": self.page_url("action_view"),
            "cancel_url": back,
            "hidden": [
                ("action", name), ("confirmed", "yes"), ("url", back), *(("rowid", key_text(r)) for r in records)
            ],
        }  # fmt: skip
        if name == "delete":
            return self.deletion_question(records, **addresses)
        labels = [str(record) for record in records[:SHOWN]]
        return Confirmation(label, words, labels, max(0, len(records) - SHOWN), (), button=label, **addresses)

    def _ask(self, confirmation: Confirmation) -> Any:
        return self.render(
            self.confirm_template,
            confirmation=confirmation,
            view=self,
            breadcrumbs=self.breadcrumbs(confirmation.title),
        )
