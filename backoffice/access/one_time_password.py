"""A one-time password opens one page only: the one that replaces it."""

from __future__ import annotations

from typing import Any

from flask import Flask, redirect, request, url_for
from flask_security import current_user, password_changed
from werkzeug.wrappers import Response

from backoffice.access import guard
from backoffice.errors import NotAllowed
from backoffice.i18n import gettext as _
from backoffice.models import Staff

OPEN_ENDPOINTS = ("security.change_password", "security.logout")


def init_app(app: Flask) -> None:
    """Let a changed password lift the duty to change it; Flask-Security ends the other sessions itself."""
    password_changed.connect(_lift, app)


def check() -> Response | None:
    """Lead a person who still has a one-time password to the page that changes it, from everywhere else."""
    if guard.requirement() == guard.PUBLIC or request.endpoint in OPEN_ENDPOINTS:
        return None
    if not current_user.must_change_password:
        return None
    if guard.wants_json():
        raise NotAllowed(_("Change your one-time password first."))
    return redirect(url_for("security.change_password"))


def _lift(_app: Flask, user: Staff, **_about: Any) -> None:
    user.must_change_password = False
