"""Staff accounts in the back-office: to look at. They are made and changed by `flask staff`."""

from __future__ import annotations

from typing import Any

from flask_security import current_user

from backoffice.admin.record_view import RecordView
from backoffice.i18n import lazy_gettext as _l


class StaffView(RecordView):
    """Who may sign in. Roles and passwords are never in a form."""

    singular_name = _l("Staff account")
    can_create = False
    can_edit = False
    can_delete = False
    column_list = ("email", "active", "must_change_password", "last_sign_in_at", "created_at")
    column_details_list = ("email", "active", "must_change_password", "last_sign_in_at")
    column_searchable_list = ("email",)
    column_filters = ("email", "active", "last_sign_in_at")
    column_labels: Any = {
        "email": _l("Email"),
        "active": _l("Active"),
        "must_change_password": _l("Has a one-time password"),
        "last_sign_in_at": _l("Last sign-in"),
    }

    def me(self) -> Any | None:
        """The account that is signed in."""
        return current_user
