"""Unsaved work: drafts on the server where a view keeps them, and forms shown again with what was typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flask import jsonify, request
from flask_admin import expose
from flask_security import current_user
from werkzeug.wrappers import Response

from backoffice.access import carried
from backoffice.admin.fields import KeptField, PasswordField
from backoffice.admin.presenters import RecordPage
from backoffice.admin.presenters_history import Conflict
from backoffice.admin.presenters_unsaved import Unsaved
from backoffice.admin.typed import SAVED_COOKIE, names_of_copies, read_typed, saved_copies
from backoffice.admin.writing import WritingView
from backoffice.database.keys import key_text
from backoffice.errors import NotFound
from backoffice.i18n import gettext as _
from backoffice.models import Draft
from backoffice.records import drafts

# Time enough for the next page to read it.
SAVED_COOKIE_SECONDS = 600


class DraftsView(WritingView):
    """The form's pages know which draft was saved; where `keeps_drafts` the server keeps one per person and record."""

    keeps_drafts = False

    # -- the form's own pages -----------------------------------------------------------------------------------

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """A new record; or its form again with what was typed before signing in anew."""
        if carried.is_shown_again():
            self.require("create")
            return self._form_page(self.create_template, self.create_form(), self._new_page(), _("New"), None)
        return self._settled(super().create_view())

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """A record that exists; or its form again with what was typed before signing in anew."""
        if carried.is_shown_again():
            self.require("edit")
            record = self.fetch(request.args.get("id"))
            page = self.record_page(record, "edit")
            return self._form_page(self.edit_template, self.edit_form(obj=record), page, str(record), None)
        return self._settled(super().edit_view())

    def _form_page(
        self, template: str, form: Any, page: RecordPage, here: str, error: Any, conflict: Conflict | None = None
    ) -> Any:
        page = replace(page, unsaved=self._unsaved(page))
        return super()._form_page(template, form, page, here, error, conflict)

    def _unsaved(self, page: RecordPage) -> Unsaved:
        key = "" if page.is_new else page.pk
        kept = Unsaved(
            f"{self.endpoint}:{quote(key, safe='')}" if key else f"{self.endpoint}:new",
            str(current_user.id),
            str(current_user.email),
            record=key,
            version_field=self.version_field,
            is_typed=carried.is_shown_again(),
        )
        if not self.keeps_drafts:
            return kept
        return replace(
            kept,
            draft_url=self.page_url("draft_view", id=key),
            keep_url=self.page_url("draft_keep"),
            discard_url=self.page_url("draft_discard"),
        )

    def _settled(self, answer: Any) -> Any:
        """After a save, which alone is answered by leading on, its draft goes; the browser is told to drop its own."""
        copies = names_of_copies(request.form.get("_draft", "")) if request.method == "POST" else []
        if not copies or not isinstance(answer, Response) or not 300 <= answer.status_code < 400:
            return answer
        if self.keeps_drafts:
            drafts.discard(self.db_session, current_user.id, self.endpoint, copies)
        answer.set_cookie(
            SAVED_COOKIE,
            saved_copies(request.cookies.get(SAVED_COOKIE, ""), copies),
            max_age=SAVED_COOKIE_SECONDS,
            secure=request.is_secure,
            samesite="Lax",
        )
        return answer

    # -- the server's drafts ------------------------------------------------------------------------------------

    @expose("/draft/")
    def draft_view(self) -> Any:
        """The person's drafts of a record; without a key, those of records that do not exist yet."""
        self._require_drafts()
        if "id" not in request.args:
            found = drafts.of_new(self.db_session, current_user.id, self.endpoint) if self.may("create") else ()
            return jsonify(drafts=[_told(draft) for draft in found])
        record = self.fetch(request.args["id"])
        self.require("edit")
        draft = drafts.of_record(self.db_session, current_user.id, self.endpoint, key_text(record))
        return jsonify(drafts=[_told(draft)] if draft else [])

    @expose("/draft/keep/", methods=("POST",))
    def draft_keep(self) -> Any:
        """Keep what is typed so far; the record itself is not touched."""
        self._require_drafts()
        typed = read_typed(request.form.get("draft", ""), self._names())
        key = request.form.get("id", "")
        if key:
            # A key may be written in several ways; a record has one draft.
            key = key_text(self.fetch(key))
        self.require("edit" if key else "create")
        replaces = names_of_copies(request.form.get("replaces", ""))
        draft = drafts.keep(self.db_session, current_user.id, self.endpoint, key, typed, replaces)
        return jsonify(saved_at=_moment(draft))

    @expose("/draft/discard/", methods=("POST",))
    def draft_discard(self) -> Any:
        """Remove drafts of the person by their names; those that are gone already do no harm."""
        self._require_drafts()
        copies = names_of_copies(request.form.get("copies", ""))
        drafts.discard(self.db_session, current_user.id, self.endpoint, copies)
        return jsonify(discarded=copies)

    def _require_drafts(self) -> None:
        if not self.keeps_drafts:
            raise NotFound(_("Forms of this kind keep no drafts on the server."))

    def _names(self) -> set[str]:
        """The fields whose text may be kept: never a password."""
        fields = [*self._edit_form_class(), *self._create_form_class()]
        return {f.name for f in fields if isinstance(f, KeptField) and not isinstance(f, PasswordField)}


def _told(draft: Draft) -> dict[str, Any]:
    return {
        "copy": draft.copy,
        "at": _moment(draft),
        "title": draft.title,
        "fields": draft.fields,
        "labels": draft.labels,
        "version": draft.version,
        "shown": draft.shown,
    }


def _moment(draft: Draft) -> str:
    return draft.saved_at.isoformat(timespec="milliseconds")
