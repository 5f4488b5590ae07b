"""Collections in the back-office."""

from __future__ import annotations

from typing import Any

from backoffice.admin.record_view import RecordView
from backoffice.i18n import lazy_gettext as _l


class CollectionView(RecordView):
    """Which user keeps which article, since when."""

    singular_name = _l("Collection entry")
    column_list = ("user", "article", "collected_at")
    column_details_list = ("user", "article", "collected_at")
    column_searchable_list = ("user.username", "article.title")
    column_filters = ("user", "article", "collected_at")
    column_sortable_list: Any = (("user", "user.username"), ("article", "article.title"), "collected_at")
    column_default_sort = ("collected_at", True)
    column_export_list = ("user_id", "user", "article_id", "article", "collected_at")
    column_labels: Any = {
        "user": _l("Reader"),
        "article": _l("Article"),
        "user_id": _l("Reader’s ID"),
        "article_id": _l("Article’s ID"),
        "user.username": _l("Reader"),
        "article.title": _l("Article"),
        "collected_at": _l("Collected at"),
    }
    form_columns = ("user", "article", "collected_at")
