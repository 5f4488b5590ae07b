"""The security headers of every answer, and how long a browser may keep it."""

from __future__ import annotations

from flask import Flask, g, request
from werkzeug.wrappers import Response

from backoffice.config import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ONE_YEAR = 31_536_000
# The whole of a file, a part of it, or that the browser still has it.
FILE = (200, 206, 304)


def init_app(app: Flask, settings: Settings) -> None:
    """Set the headers on every answer, error pages and files included."""
    headers = dict(HEADERS)
    if settings.secure_cookies:
        headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}"

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers.update(headers)
        response.headers["Cache-Control"] = _cache_control(response)
        response.headers.update(g.get("own_headers", {}) if response.status_code in FILE else {})
        return response


def send_apart(response: Response) -> Response:
    """Have an answer that is somebody's file be neither a page of ours nor a part of one, and kept by one browser only.

    An hour: what it is never changes under its address, but whether this person may see it does.
    """
    g.own_headers = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
    }
    return response


def is_static_file() -> bool:
    """Whether the request asks for a file of the interface, the same for everybody."""
    endpoint = request.endpoint or ""
    return endpoint == "static" or endpoint.endswith(".static")


def _cache_control(response: Response) -> str:
    if not is_static_file() or response.status_code not in FILE:
        return "no-store"
    # Only an address that bears a stamp of the content may be kept; a module imported by its plain name
    # has to be asked for again, or a release would run beside the scripts of the one before.
    return f"public, max-age={ONE_YEAR}, immutable" if "v" in request.args else "no-cache"
