"""The signed cookie that says who is signed in: new at each sign-in, emptied by sign-out, never on a file."""

from __future__ import annotations

from time import time
from typing import Any

from flask import Flask, Request, g, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import user_logged_out  # type: ignore[import-untyped]  # Flask-Login ships no types
from flask_security import user_authenticated
from itsdangerous import URLSafeTimedSerializer

from backoffice.access.headers import is_static_file

# What Flask-Login and Flask-Security keep about the person; anything else may have been planted before.
KEPT_KEYS = ("_user_id", "_id", "_fresh", "fs_paa")


# The session ends so long after its last request, but for this: it is not signed anew for each.
PUT_OFF_SECONDS = 60
SIGNED_AT = "signed_at"
# Values that nobody can change in their place, and how many sessions are kept at hand.
PLAIN, MOST_READ = {str, int, float, bool, type(None)}, 500


class SessionCookie(SecureCookieSessionInterface):
    """Sends no cookie with a static file: a shared cache might hand one person's session to the next."""

    def __init__(self) -> None:
        self._signing: tuple[Any, URLSafeTimedSerializer | None] = (None, None)
        # What cookies say that were read, each with the moment in which it was signed.
        self._read: dict[str, tuple[float, dict[str, Any]]] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What reads and writes the cookie: Flask would make another one for each request."""
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if self._signing[0] != keys:
            self._signing, self._read = (keys, super().get_signing_serializer(app)), {}
        return self._signing[1]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says. Whether it was signed here is not asked again while it comes with each request."""
        serializer, text = self.get_signing_serializer(app), request.cookies.get(self.get_cookie_name(app), "")
        signed_at, said = self._read.get(text, (0.0, {}))
        if said and 0 <= int(time()) - signed_at <= app.permanent_session_lifetime.total_seconds():
            return self.session_class(said)
        found = super().open_session(app, request)
        # A request may add to a list, and must not to what others are told.
        if serializer and found and PLAIN.issuperset(map(type, found.values())):
            if len(self._read) >= MOST_READ:
                self._read.clear()
            self._read[text] = (serializer.loads(text, return_timestamp=True)[1].timestamp(), dict(found))
        return found

    def should_set_cookie(self, _app: Flask, session: SessionMixin) -> bool:
        """Whether this answer carries the session cookie: where the session has changed, and now and then to go on."""
        if is_static_file():
            return False
        if _is_left():
            return session.modified
        if session and session.permanent and not 0 <= time() - session.get(SIGNED_AT, 0) < PUT_OFF_SECONDS:
            session[SIGNED_AT] = int(time())
        return session.modified


def init_app(app: Flask) -> None:
    """Renew the session when somebody signs in, and empty it when they sign out."""
    app.session_interface = SessionCookie()
    user_authenticated.connect(_renew, app)
    user_logged_out.connect(_empty, app)


def leave_as_it_is() -> None:
    """What a page asks by itself, nobody at the keyboard, does not put off the end of the session."""
    g.session_is_left = True


def _is_left() -> bool:
    return bool(g.get("session_is_left"))


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
