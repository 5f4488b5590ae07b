"""Who may come in and do what: sign-in, sessions, permissions, throttle, headers; stands beside `admin`."""

from __future__ import annotations

from flask import Flask, current_app, request
from flask_wtf.csrf import CSRFError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from backoffice.access import (
    acting,
    carried,
    guard,
    headers,
    one_time_password,
    origin,
    present,
    read_only,
    sessions,
    sign_in,
    views,
)
from backoffice.config import Settings
from backoffice.extensions import csrf


def init_app(app: Flask, settings: Settings) -> None:
    """Put every request behind the checks below and every answer behind the security headers."""
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # the way Flask documents
    sessions.init_app(app)
    acting.init_app()
    sign_in.init_app(app, settings)
    one_time_password.init_app(app)
    present.init_app(app)
    read_only.init_app(app)
    headers.init_app(app, settings)
    guard.declare(app, "static", "public")
    guard.declare(app, "bootstrap.static", "public")
    app.before_request(check_request)


def check_request() -> Response | None:
    """Run the checks in the order that says most: who asks comes before what the form holds.

    Somebody whose session has ended is led to sign in, and is not told that a token is wrong.
    """
    if request.endpoint is None:
        return None
    read_only.look()
    origin.check()
    if answer := guard.check_signed_in():
        return answer
    if answer := _check_token():
        return answer
    if answer := one_time_password.check():
        return answer
    guard.check_permission()
    return read_only.check()


def _check_token() -> Response | None:
    """Refuse what lacks the session's token; a form of an earlier session is shown again, if it came from here."""
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return None
    try:
        csrf.protect()
    except CSRFError:
        typed = carried.opened(carried.seal()) if origin.is_told() and not guard.wants_json() else None
        if typed is None:
            raise
        return views.typed_page(typed, 400)
    return None
