"""Who else has a record open, and whether it has changed since a page was opened."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import jsonify, request
from flask_admin import expose
from flask_security import current_user

from backoffice.access import sessions
from backoffice.admin.drafts import DraftsView
from backoffice.admin.presenters import RecordPage
from backoffice.admin.presenters_unsaved import PresenceFrame
from backoffice.admin.typed import COPY
from backoffice.database.keys import key_text
from backoffice.database.slots import slot
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.models import Timestamped
from backoffice.operations import notices
from backoffice.records import presence

_logger = logging.getLogger(__name__)


class PresenceView(DraftsView):
    """Whoever may read a record is told who else has it open. It replaces no version check."""

    @expose("/presence/", methods=("POST",))
    def presence_view(self) -> Any:
        """A page says that it is open, or closes; the answer tells who else is there and the record's version now."""
        sessions.leave_as_it_is()
        record = self.fetch(request.form.get("id"))
        page = request.form.get("page", "")
        if not COPY.fullmatch(page):
            raise BadInput(_("A page names itself by 8 to 40 letters and digits."))
        here = slot(self.endpoint, key_text(record))
        told = {"version": self.version_text(record), "changed_at": _changed_at(record)}
        return jsonify(people=self._people(here, page), **told, **notices.for_scripts())

    def _people(self, here: str, page: str) -> list[dict[str, Any]]:
        """Nobody waits for this and nothing fails on it: where the database cannot serve, nobody is shown."""
        try:
            if "leaving" in request.form:
                presence.leave(self.db_session, current_user.id, page)
                return []
            editing = request.form.get("editing") == "true" and self.may("edit")
            presence.beat(self.db_session, current_user.id, page, here, editing=editing)
            return [person._asdict() for person in presence.others(self.db_session, current_user.id, here)]
        except sa.exc.SQLAlchemyError as error:
            self.db_session.rollback()
            _logger.warning("presence could not be kept: %s", type(error).__name__)
            return []

    def record_page(self, record: Any, tab: str, **more: Any) -> RecordPage:
        """The frame of a record; its pages to read and to edit say that they are open."""
        page = super().record_page(record, tab, **more)
        if tab not in ("details", "edit"):
            return page
        here = PresenceFrame(self.page_url("presence_view"), page.pk, self.version_text(record), tab == "edit")
        return replace(page, presence=here)


def _changed_at(record: Any) -> str:
    return record.updated_at.isoformat(timespec="milliseconds") if isinstance(record, Timestamped) else ""
