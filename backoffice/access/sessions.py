"""The signed cookie that says who is signed in: new at each sign-in, emptied by sign-out, never on a file."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import user_logged_out  # type: ignore[import-untyped]  # Flask-Login ships no types
from flask_security import user_authenticated

from backoffice.access.headers import is_static_file

# What Flask-Login and Flask-Security keep about the person; anything else may have been planted before.
KEPT_KEYS = ("_user_id", "_id", "_fresh", "fs_paa")


class SessionCookie(SecureCookieSessionInterface):
    """Sends no cookie with a static file: a shared cache might hand one person's session to the next."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this answer carries the session cookie."""
        return not is_static_file() and super().should_set_cookie(app, session)


def init_app(app: Flask) -> None:
    """Renew the session when somebody signs in, and empty it when they sign out."""
    app.session_interface = SessionCookie()
    user_authenticated.connect(_renew, app)
    user_logged_out.connect(_empty, app)


def _renew(_app: Flask, **_about: Any) -> None:
    kept = {key: session[key] for key in KEPT_KEYS if key in session}
    session.clear()
    session.update(kept)
    session.permanent = True
    # Flask-WTF keeps the token of this request here; the next form needs one of the new session.
    g.pop("csrf_token", None)


def _empty(_app: Flask, **_about: Any) -> None:
    session.clear()
    g.pop("csrf_token", None)
