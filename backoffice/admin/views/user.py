"""Users in the back-office."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.admin.fields import PasswordField
from backoffice.admin.record_view import RecordView


class UserView(RecordView):
    """The platform's readers and writers; a password goes in and never comes out."""

    singular_name = _l("User")
    column_list = ("id", "username", "email", "name", "address", "created_at")
    column_searchable_list = ("username", "email", "name")
    column_filters = (
        "id",
        "username",
        "email",
        "name",
        "address",
        "articles",
        "collection_articles",
        "created_at",
    )
    column_export_list = ("id", "username", "email", "name", "address", "created_at", "updated_at")
    column_labels: Any = {
        "username": _l("User name"),
        "email": _l("Email"),
        "name": _l("Name"),
        "address": _l("Address"),
        "password": _l("Password"),
        "articles": _l("Articles"),
        "collection_articles": _l("Collected articles"),
    }
    form_columns = ("username", "email", "name", "address", "password")
    form_extra_fields: Any = {
        "password": PasswordField(
            _l("Password"), description=_l("Kept as a hash and never shown. An empty field changes nothing.")
        )
    }
