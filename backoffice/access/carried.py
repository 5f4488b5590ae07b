"""What was typed into a form whose session has ended is carried along while its person signs in, without a script.

The fields travel sealed with the server's signature inside the sign-in form. After signing in one presses a button
that posts them, with the new session's token, to the form's own page; there they are shown again and nothing is saved
until somebody presses Save. So no other site can have anything saved by this: it would need a sealed text of ours, a
token of the new session, and two presses.
"""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from backoffice.access.redirects import inside

# The field that tells a form's page to show again what is sent instead of saving it.
AGAIN = "_typed_before"
# A token is worth nothing any more, and a form's one-time name would make the second sending look like the first.
LEFT_BEHIND = ("csrf_token", "form_id", AGAIN)
SECRET_WORDS = ("password", "secret")
LASTS_SECONDS = 24 * 3600


class Carried(NamedTuple):
    """The page of the form, and its fields as they were sent."""

    page: str
    fields: list[tuple[str, str]]


def declare(app: Flask, endpoint: str) -> None:
    """State that an endpoint shows a form again when it is sent with AGAIN."""
    _pages(app).add(endpoint)


def is_shown_again() -> bool:
    """Whether this request brings what was typed before, to be shown and not saved."""
    return request.method == "POST" and AGAIN in request.form


def seal() -> str:
    """What the present request sends, sealed; empty where its page shows no form again or nothing was typed."""
    page = inside(request.full_path.removesuffix("?"))
    if request.method != "POST" or request.endpoint not in _pages(current_app) or page is None:
        return ""
    fields = [pair for pair in request.form.items(multi=True) if _may_travel(pair[0])]
    return str(_sealer().dumps([page, fields])) if fields else ""


def opened(sealed: str) -> Carried | None:
    """What was sealed, if it was sealed here and not too long ago."""
    try:
        page, fields = _sealer().loads(sealed, max_age=LASTS_SECONDS)
    except BadSignature:
        return None
    return Carried(str(page), [(str(name), str(value)) for name, value in fields])


def _may_travel(name: str) -> bool:
    return name not in LEFT_BEHIND and not any(word in name.lower() for word in SECRET_WORDS)


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="typed before the session ended")


def _pages(app: Flask) -> set[str]:
    pages: set[str] = app.extensions.setdefault("backoffice.shown_again", set())
    return pages
