"""The left rail: the pages this person may open, in groups."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_security import current_user
from markupsafe import Markup

from backoffice.admin.base import BaseRecordView
from backoffice.admin.presenters import Link, MenuGroup
from backoffice.i18n import gettext as _
from backoffice.i18n import locale_name

HOME = "admin.index"


def init_app(app: Flask) -> None:
    """Hand the menu to every template. It stands on every page, and is drawn once for all to whom it says the same."""
    draw = lru_cache(maxsize=0 if app.jinja_env.auto_reload else 256)(_draw)

    @app.context_processor
    def menu() -> dict[str, Any]:
        if not current_user.is_authenticated:
            return {"menu": ""}
        here = HOME if request.endpoint == HOME else request.blueprint
        return {"menu": draw(_open_to_them(), here, locale_name(), request.script_root)}


def _open_to_them() -> tuple[BaseRecordView, ...]:
    """The views whose pages this person may open: nothing that would answer 403."""
    views = current_app.extensions["admin"][0]._views
    return tuple(v for v in views if isinstance(v, BaseRecordView) and v.is_visible() and v.may("read"))


def _draw(views: Sequence[BaseRecordView], here: str | None, _locale: str, _script_root: str) -> Markup:
    """Home, then each view's category with its views."""
    groups: dict[str, list[Link]] = {}
    for view in views:
        link = Link(str(view.name), view.page_url("index_view"), view.menu_icon_value or "table", here == view.endpoint)
        groups.setdefault("" if view.category is None else str(view.category), []).append(link)
    home = MenuGroup("", [Link(_("Home"), url_for(HOME), "house", here == HOME)])
    template = current_app.jinja_env.get_template("components/menu.html")
    html = template.render(groups=[home, *(MenuGroup(label, items) for label, items in groups.items())])
    return Markup(html)  # noqa: S704 - a template of ours escapes what it is given
