"""Deny by default: a route that has not declared what it requires answers nobody."""

from __future__ import annotations

import logging

from flask import Flask, current_app, flash, redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response

from backoffice.access import carried, permissions, redirects
from backoffice.errors import BackofficeError, NotAllowed
from backoffice.i18n import gettext as _

PUBLIC, SIGNED_IN = "public", "signed-in"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_logger = logging.getLogger(__name__)


class NotSignedIn(BackofficeError):
    """A script asks for something that needs a signed-in person."""

    status = 401


def declare(app: Flask, endpoint: str, requirement: str) -> None:
    """State what an endpoint requires: `public`, `signed-in`, or a permission as `model:action`."""
    if requirement not in (PUBLIC, SIGNED_IN) and requirement.count(":") != 1:
        raise ValueError(f"{endpoint}: {requirement!r} is neither public, signed-in nor model:action")
    declared_routes(app)[endpoint] = requirement


def declared_routes(app: Flask) -> dict[str, str]:
    """Every declared endpoint with what it requires."""
    routes: dict[str, str] = app.extensions.setdefault("backoffice.routes", {})
    return routes


def check_signed_in() -> Response | None:
    """Refuse a route that declares nothing; lead to the sign-in page where nobody is signed in."""
    if requirement() == PUBLIC or current_user.is_authenticated:
        return None
    return _ask_to_sign_in()


def check_permission() -> None:
    """Raise NotAllowed unless the person holds the permission the route declares."""
    wanted = requirement()
    if wanted not in (PUBLIC, SIGNED_IN):
        permissions.require(*wanted.split(":"))


def requirement() -> str:
    """What the present route requires."""
    declared = declared_routes(current_app).get(request.endpoint or "")
    if declared is None:
        _logger.error("the route %s declares no requirement and answers nobody", request.endpoint)
        raise NotAllowed(_("This page has not been opened to anyone yet. Tell an administrator its address."))
    return declared


def wants_json() -> bool:
    """Whether a script of ours asks, which reads JSON, and not a person who reads a page."""
    if request.headers.get("X-Requested-With") == "fetch":
        return True
    accept = request.accept_mimetypes
    return accept["application/json"] > accept["text/html"]


def _ask_to_sign_in() -> Response:
    unsaved = request.method not in SAFE_METHODS
    if wants_json():
        raise NotSignedIn(_("Your session has ended. Sign in again, then repeat what you did."))
    if sealed := carried.seal():
        # Imported here: the pages that sign in are made of what this module decides.
        from backoffice.access.views import sign_in_with

        return sign_in_with(sealed)
    if unsaved:
        flash(_("Your session has ended, so nothing was saved. Sign in and send it again."), "warning")
    return redirect(url_for("security.login", next=redirects.present_page()))
