"""Users in the back-office."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_security import current_user

from backoffice.admin.fields import PasswordField
from backoffice.admin.record_view import RecordView
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import User


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
    column_editable_list = ("name", "address")
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
            _l("Password"), description=_l("Kept as a hash and never shown. Leave it empty to keep the present one.")
        )
    }

    def me(self) -> Any | None:
        """The platform's user with the email address of the account that is signed in."""
        return self.db_session.scalar(sa.select(User).where(User.email == current_user.email))
