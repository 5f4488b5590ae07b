"""Tables as people know them: by the view of their records."""

from __future__ import annotations

from flask import current_app

from backoffice.admin.base import BaseRecordView


def view_of_table(name: str) -> BaseRecordView | None:
    """The view of a table's records, if there is one."""
    views = current_app.extensions["admin"][0]._views
    return next((v for v in views if isinstance(v, BaseRecordView) and v.model.__table__.name == name), None)


def noun_of(name: str) -> str:
    """What one record of a table is called."""
    view = view_of_table(name)
    return view.singular if view else name
