"""Articles in the back-office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash
from flask_admin.actions import action
from flask_babel import ngettext

from backoffice.admin.publishing import PublishingView
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.records import publishing


class ArticleView(PublishingView):
    """What users write; published from a moment on."""

    singular_name = _l("Article")
    keeps_drafts = True
    column_list = ("id", "title", "user", "published", "published_at", "created_at")
    column_details_list = ("id", "title", "user", "published", "published_at", "content")
    column_searchable_list = ("title",)
    column_filters = (
        "id",
        "title",
        "content",
        "user",
        "users",
        "published",
        "published_at",
        "created_at",
        "updated_at",
    )
    column_sortable_list: Any = ("id", "title", ("user", "user.username"), "published_at", "created_at")
    column_editable_list = ("title", "user", "published_at")
    column_export_list = ("id", "title", "content", "user", "published_at", "created_at", "updated_at")
    column_labels: Any = {
        "title": _l("Title"),
        "content": _l("Content"),
        "user": _l("Author"),
        "users": _l("Collected by"),
        "published": _l("Published"),
        "published_at": _l("Published at"),
    }
    column_descriptions: Any = {
        "content": _l("Markdown."),
        "published_at": _l("Empty: not published."),
    }
    column_markdown = ("content",)
    form_columns = ("title", "user", "published_at", "content")

    @action("publish", _l("Publish"))
    def action_publish(self, ids: Sequence[str]) -> None:
        """Publish the ticked articles now; those published already keep their moment."""
        changed, same = publishing.publish(self.db_session, self.ticked(ids))
        message = ngettext("%(num)s article was published.", "%(num)s articles were published.", changed)
        flash(_with_rest(message, same), "success" if changed else "info")

    @action("withdraw", _l("Withdraw"))
    def action_withdraw(self, ids: Sequence[str]) -> None:
        """Take the ticked articles from readers; the articles stay."""
        changed, same = publishing.withdraw(self.db_session, self.ticked(ids))
        message = ngettext("%(num)s article was withdrawn.", "%(num)s articles were withdrawn.", changed)
        flash(_with_rest(message, same), "success" if changed else "info")


def _with_rest(message: str, same: int) -> str:
    if not same:
        return message
    return str(_("%(done)s %(rest)s", done=message, rest=_("%(count)s were so already.", count=same)))
