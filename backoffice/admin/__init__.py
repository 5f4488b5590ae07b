"""Flask-Admin with the product's own theme, base view and menu."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme

from backoffice.access import carried, read_only, sign_in
from backoffice.access.guard import SIGNED_IN, declare
from backoffice.admin import menu
from backoffice.admin.bulk import tasks
from backoffice.admin.home import HomeView
from backoffice.admin.once import new_form_id
from backoffice.admin.record_view import RecordView
from backoffice.admin.views import views as declared_views

# What these are sent changes no record: they go on in read-only mode.
CHANGES_NOTHING = ("draft_keep", "draft_discard", "presence_view", "preview_view", "new_preview_view")
# What these show or make is the list as a saved view has it.
OPENS_A_LIST = ("index_view", "export", "count_view")


def init_app(app: Flask) -> None:
    """Register the home page and every view, and say for each page what it asks of a person."""
    home = HomeView(name="Home", endpoint="admin", url="/admin")
    admin = Admin(app, name="Backoffice", index_view=home, theme=Theme(folder="", base_template="admin/base.html"))
    declare(app, "admin.index", "signed-in")
    tasks.init_app()
    for view in declared_views():
        add_view(app, admin, view)
    app.jinja_env.globals["new_form_id"] = new_form_id
    menu.init_app(app)


def add_view(app: Flask, admin: Admin, view: RecordView) -> None:
    """Register one view; its pages are closed to all whose role does not name them."""
    admin.add_view(view)
    view.vocabulary  # noqa: B018  # a column that does not exist is told at the start, not to the first visitor
    for _url, method, _methods in type(view)._urls:
        action = view.PERMISSIONS.get(method, method)
        declare(app, f"{view.endpoint}.{method}", action if action == SIGNED_IN else f"{view.endpoint}:{action}")
    sign_in.lists(app).update(f"{view.endpoint}.{method}" for method in OPENS_A_LIST)
    for method in ("create_view", "edit_view"):
        carried.declare(app, f"{view.endpoint}.{method}")
    read_only.allow(app, (f"{view.endpoint}.{method}" for method in CHANGES_NOTHING))
