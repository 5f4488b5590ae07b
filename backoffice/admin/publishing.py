"""Publishing from the record's own pages: its state, and what changes it, now or at a moment to come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import format_datetime

from backoffice.access.redirects import safe_target
from backoffice.admin.base import list_address
from backoffice.admin.fields.base import dialect_name
from backoffice.admin.presenters import Action, RecordPage
from backoffice.admin.presenters_publishing import Publication, Scheduling
from backoffice.admin.record_view import RecordView
from backoffice.database.attributes import attribute
from backoffice.database.keys import key_text
from backoffice.database.values import parse_value, print_value
from backoffice.errors import BackofficeError, BadInput
from backoffice.i18n import gettext as _
from backoffice.models import utcnow
from backoffice.records import publishing

ACTIONS = ("publish", "withdraw")
MOMENT = "published_at"


class PublishingView(RecordView):
    """A model with `published_at` whose records are published, withdrawn and scheduled from their own pages.

    The view declares the actions `publish` and `withdraw`: their permissions count here as on ticked rows, and who may
    publish may say when.
    """

    schedule_template = "admin/model/schedule.html"

    PERMISSIONS = RecordView.PERMISSIONS | {"schedule_view": "publish"}

    def may_change(self, name: str) -> bool:
        """Who may not publish may not say when either: not in a form, a cell or by taking a change back."""
        return super().may_change(name) and (name != MOMENT or self.may("publish"))

    def record_page(self, record: Any, tab: str, **more: Any) -> RecordPage:
        """The frame, with the state on its details and its form; the actions that change it stand beside it there."""
        page = super().record_page(record, tab, **more)
        if tab not in ("details", "edit"):
            return page
        others = [action for action in page.actions if action.name not in ACTIONS]
        return replace(page, actions=others, publication=self.publication(record))

    def publication(self, record: Any) -> Publication:
        """Draft, scheduled or published, with what this person may do about it."""
        moment = getattr(record, MOMENT)
        shown = self.value_html(record, MOMENT, long=True)
        if moment is None:
            return Publication(
                "draft", _("Draft"), "neutral", "pencil",
                actions=self._allowed("publish"), schedule_url=self._schedule_url(record),
            )  # fmt: skip
        if not record.published:
            return Publication(
                "scheduled", _("Scheduled for"), "info", "clock", shown,
                self._allowed("publish", "withdraw"), self._schedule_url(record),
            )  # fmt: skip
        return Publication(
            "published", _("Published since"), "success", "check-lg", shown, self._allowed("withdraw")
        )  # fmt: skip

    @expose("/schedule/", methods=("GET", "POST"))
    def schedule_view(self) -> Any:
        """GET asks for the moment; POST publishes from then on."""
        self.require("publish")
        record = self.fetch(request.values.get("id"))
        back = safe_target(request.values.get("url"), self.page_url("details_view", id=key_text(record)))
        found = attribute(self.model, MOMENT)
        page = Scheduling(
            _("When is “%(record)s” to be published?", record=record),
            self.page_url("schedule_view"),
            back,
            [("id", key_text(record)), ("url", back)],
            format_datetime(utcnow(), "medium"),
            "" if record.published else print_value(found, getattr(record, MOMENT))[:16],
        )
        if request.method == "GET":
            return self._ask_when(page)
        typed = request.form.get("moment", "")
        try:
            moment = parse_value(found, typed.strip(), dialect_name())
            if moment is None:
                raise BadInput(_("Give a day and a time."))
            publishing.schedule(self.db_session, [record], moment)
        except BackofficeError as problem:
            return self._ask_when(replace(page, typed=typed, problem=problem.message)), problem.status
        when = format_datetime(moment, "medium")
        flash(_("“%(record)s” will be published on %(moment)s UTC.", record=record, moment=when), "success")
        return redirect(back)

    def _ask_when(self, page: Scheduling) -> Any:
        return self.render(
            self.schedule_template, page=page, view=self, breadcrumbs=self.breadcrumbs(_("Schedule"))
        )  # fmt: skip

    def _allowed(self, *names: str) -> list[Action]:
        labels = {"publish": _("Publish now"), "withdraw": _("Withdraw")}
        return [Action(name, labels[name]) for name in names if self.may(name)]

    def _schedule_url(self, record: Any) -> str:
        if not self.may("publish"):
            return ""
        # Back to this page, which knows the list it came from.
        return self.page_url("schedule_view", id=key_text(record), url=self._here(record))

    def _here(self, record: Any) -> str:
        page = "edit_view" if request.path == self.page_url("edit_view") else "details_view"
        return self.page_url(page, id=key_text(record), url=list_address())
