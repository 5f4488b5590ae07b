"""Articles in the back-office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import ngettext

from backoffice.admin.bulk.declared import Asked, Given, bulk_action
from backoffice.admin.fields import RelationField
from backoffice.admin.publishing import PublishingView
from backoffice.admin.related import find_related, link_view
from backoffice.database.keys import key_text
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import Article, User
from backoffice.records import publishing
from backoffice.records.bulk.change import Change
from backoffice.records.bulk.links import SetLinks
from backoffice.records.bulk.values import SetValues


def _published(count: int) -> str:
    return str(ngettext("%(num)s article was published.", "%(num)s articles were published.", count))


def _withdrawn(count: int) -> str:
    return str(ngettext("%(num)s article was withdrawn.", "%(num)s articles were withdrawn.", count))


def _new_author(_view: Any, _given: Given) -> Mapping[str, Any]:
    return {"user": user_field(_l("To whom"))}


def _reader(_view: Any, _given: Given) -> Mapping[str, Any]:
    return {"users": user_field(_l("Whose collection"))}


def user_field(label: Any) -> Any:
    """An input for one user."""
    return RelationField(label, load=lambda text: find_related(User, text), key_of=key_text, nullable=False)


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

    @bulk_action("publish", _l("Publish"), icon="check2-circle", done=_published, at_once=True)
    def publish_change(self, asked: Asked) -> Change:
        """Publish from now on; those published already keep their moment."""
        return publishing.publishing(asked.at)

    @bulk_action("withdraw", _l("Withdraw"), icon="eye-slash", done=_withdrawn, at_once=True)
    def withdraw_change(self, _asked: Asked) -> Change:
        """Take them from readers; the articles stay."""
        return publishing.withdrawing()

    @bulk_action("hand_over", _l("Hand over"), icon="people", permission="edit", fields=_new_author, more=True)
    def hand_over_change(self, asked: Asked) -> Change:
        """Give them another author."""
        return SetValues(Article, {"user": asked["user"]})

    @bulk_action("collect", _l("Add to a collection"), icon="bookmark", permission="edit", fields=_reader, more=True)
    def collect_change(self, asked: Asked) -> Change:
        """Put them into a reader's collection."""
        return self._collecting(asked, add=True)

    @bulk_action(
        "uncollect", _l("Remove from a collection"), icon="bookmark", permission="edit", fields=_reader, more=True
    )
    def uncollect_change(self, asked: Asked) -> Change:
        """Take them out of a reader's collection."""
        return self._collecting(asked, add=False)

    def _collecting(self, asked: Asked, *, add: bool) -> Change:
        relation = sa.inspect(User).relationships["collection_articles"]
        collections = link_view(relation)
        if collections is not None:
            collections.require("create" if add else "delete")
        return SetLinks(asked["users"], relation, add=add, options=self.light(()))
