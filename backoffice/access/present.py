"""Who is signed in, for a script that is about to send a form: asked before a save, so that none goes astray."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify
from flask_security import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from backoffice.access import guard, sessions
from backoffice.operations import notices

ENDPOINT = "session"


def init_app(app: Flask) -> None:
    """Open the address to everybody: that nobody is signed in is an answer, too."""
    app.add_url_rule("/session", ENDPOINT, session_view)
    guard.declare(app, ENDPOINT, guard.PUBLIC)


def session_view() -> Response:
    """The person and a token that is right for their forms. Asking does not prolong the session."""
    sessions.leave_as_it_is()
    notices.look()
    return jsonify(present())


def present() -> dict[str, Any]:
    """What a page needs to go on with its forms as whoever is signed in now."""
    person = current_user if current_user.is_authenticated else None
    return {
        "person": str(person.id) if person else "",
        "email": person.email if person else "",
        "must_change_password": bool(person and person.must_change_password),
        "csrf_token": generate_csrf(),
        # What operators tell is for staff alone.
        **(notices.for_scripts() if person else {}),
    }
