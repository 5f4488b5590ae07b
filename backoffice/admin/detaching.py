"""Detaching related records: the ticked ones, or after a question all that a search and a filter select."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import current_app, flash, redirect, request
from flask_admin import expose
from flask_babel import format_decimal, ngettext

from backoffice.admin.address import ListAddress
from backoffice.admin.attaching import AttachingView
from backoffice.admin.listing import ListingView
from backoffice.admin.once import FORM_ID, new_form_id
from backoffice.admin.presenters import Confirmation
from backoffice.admin.presenters_relations import RelationPanel
from backoffice.database.attributes import Attribute
from backoffice.database.keys import records_of
from backoffice.database.selection import Selection
from backoffice.database.time_limits import limited
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.records.linking import detach

MAX_TICKED = 500
# Links that one request takes away; more take longer than a browser waits.
MOST = 5_000
SHOWN = 10


class DetachingView(AttachingView):
    """The pages that detach; the records themselves stay."""

    @expose("/relation/detach/", methods=("POST",))
    def detach_view(self) -> Any:
        """Unlink the ticked records."""
        record, found, view = self._relation("delete")
        texts = request.form.getlist("rowid")
        if len(texts) > MAX_TICKED:
            raise BadInput(_("Detach at most %(most)s at a time.", most=MAX_TICKED))
        others = records_of(self.db_session, self._linked(record, found, view), found.related, texts)
        if not others:
            if (answered := self.answered()) is not None:
                return self.say(answered)
            flash(_("Tick the records to detach first."), "error")
            return redirect(self._panel_url(record, found))
        return self._detached(record, found, others)

    @expose("/relation/detach-all/", methods=("GET", "POST"))
    def detach_all_view(self) -> Any:
        """GET asks and tells how many; POST takes away all that the search and the filter select, if no more than that.

        The address is the panel's: `search` and `where` are read as there.
        """
        record, found, view = self._relation("delete")
        selection = view.read_selection(scope=self._linked(record, found, view))
        others = self._selected(view, selection)
        if not others:
            if (answered := self.answered()) is not None:
                return self.say(answered)
            flash(_("Nothing matches any more, so nothing was detached."), "info")
            return redirect(self._panel_url(record, found))
        if len(others) > MOST:
            words = {"most": format_decimal(MOST)}
            flash(_("More than %(most)s records match, and so many are not detached at once. Narrow them by a search "
                    "or a filter first.", **words), "error")  # fmt: skip
            return redirect(self._panel_url(record, found))
        # Rows that have come since are not among those that were agreed to.
        if request.method == "POST" and len(others) <= _agreed(request.form.get("count", "")):
            return self._detached(record, found, others)
        return self.ask(self._question(record, found, others, selection))

    def _selected(self, view: ListingView, selection: Selection) -> list[Any]:
        """The records, as little of them as their names take; one more than may be detached at once."""
        rows = selection.rows(self.db_session.get_bind().dialect.name).limit(MOST + 1)
        rows = rows.options(*view.loading(), *view.light(()))
        seconds = current_app.extensions["backoffice"].list_seconds
        return list(self.db_session.scalars(limited(rows, seconds)).unique())

    def _detached(self, record: Any, found: Attribute, others: list[Any]) -> Any:
        def work() -> None:
            gone = detach(self.db_session, record, found.relationship, others)  # type: ignore[arg-type]  # a relation's
            flash(ngettext("%(num)s record was detached.", "%(num)s records were detached.", gone), "success")

        return self.say(self.once_saying(work, self._panel_url(record, found)))

    def _question(self, record: Any, found: Attribute, others: list[Any], selection: Selection) -> Confirmation:
        count, label = format_decimal(len(others)), self.label(found.name)
        words = {"count": count, "record": record, "label": label}
        narrowed = _("These are all that match the search and the filter. ") if selection.narrowed else ""
        return Confirmation(
            title=_("Detach %(count)s records from %(label)s of %(record)s?", **words),
            question=narrowed + _("Only the links go: the records themselves stay."),
            labels=[str(other) for other in others[:SHOWN]],
            more=max(0, len(others) - SHOWN),
            consequences=(),
            post_url=self.page_url(
                "detach_all_view", **self._panel_arguments(record, found), **selection.replace(sort=()).args()
            ),
            cancel_url=self.page_url("relation_view", **self._panel_arguments(record, found), **selection.args()),
            button=ngettext("Detach %(count)s record", "Detach %(count)s records", len(others), count=count),
            danger=True,
            hidden=[(FORM_ID, new_form_id()), ("count", str(len(others))), ("url", self._panel_url(record, found))],
        )

    def with_changes(
        self, panel: RelationPanel, record: Any, found: Attribute, view: ListingView, address: ListAddress
    ) -> RelationPanel:
        """The addresses that detach, for who may."""
        panel = super().with_changes(panel, record, found, view, address)
        if not self.may_link(found, "delete"):
            return panel
        fixed = {**self._panel_arguments(record, found), **address.selection.replace(sort=()).args()}
        return replace(
            panel,
            detach_url=self.page_url("detach_view", **self._panel_arguments(record, found)),
            detach_all_url=self.page_url("detach_all_view", **fixed) if panel.listing.rows else "",
        )


def _agreed(count: str) -> int:
    """How many rows the question had told; none where it was not asked."""
    return int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 0
