"""The left rail: the pages this person may open, in groups."""

from __future__ import annotations

from flask import current_app, request, url_for

from backoffice.admin.base import BaseRecordView
from backoffice.admin.presenters import Link, MenuGroup
from backoffice.i18n import gettext as _


def menu() -> list[MenuGroup]:
    """Home, then each view's category with its views; nothing that would answer 403."""
    groups: dict[str, list[Link]] = {}
    here = request.blueprint
    for view in current_app.extensions["admin"][0]._views:
        if isinstance(view, BaseRecordView) and view.is_visible() and view.may("read"):
            current = here == view.endpoint
            link = Link(str(view.name), view.page_url("index_view"), view.menu_icon_value or "table", current)
            groups.setdefault("" if view.category is None else str(view.category), []).append(link)
    home = Link(_("Home"), url_for("admin.index"), "house", request.endpoint == "admin.index")
    return [MenuGroup("", [home]), *(MenuGroup(label, items) for label, items in groups.items())]
