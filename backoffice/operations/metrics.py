"""`/metrics` for Prometheus: there where METRICS_TOKEN is set, for whoever sends it; otherwise no such page."""

from __future__ import annotations

import hmac

from flask import Flask, request
from werkzeug.wrappers import Response

from backoffice import logs
from backoffice.access import guard
from backoffice.config import Settings
from backoffice.extensions import db
from backoffice.operations.release import version

ENDPOINT, METERS = "metrics", "backoffice.meters"


def init_app(app: Flask, settings: Settings) -> None:
    """Count what happens in this process from now on, and tell it."""
    if not settings.metrics_token:
        return
    # Imported here: it takes time and memory, and most run without it.
    from backoffice.operations.meters import Meters

    with app.app_context():
        about = {"version": version(), "environment": settings.environment, "database": db.engine.dialect.name}
        meters = app.extensions[METERS] = Meters(db.engine, about)

    @app.after_request
    def count(response: Response) -> Response:
        meters.request_done(request.endpoint, request.method, response.status_code, logs.elapsed())
        return response

    def metrics() -> Response:
        if not _knows(settings.metrics_token):
            return Response("Send METRICS_TOKEN as: Authorization: Bearer …", 401, {"WWW-Authenticate": "Bearer"})
        return Response(*meters.told())

    app.add_url_rule("/metrics", ENDPOINT, metrics)
    # By its token, not by a session: Prometheus is no person.
    guard.declare(app, ENDPOINT, guard.PUBLIC)


def _knows(token: str) -> bool:
    """Whether the request brings the token; how long this takes tells nothing of how much of it was right."""
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode())
