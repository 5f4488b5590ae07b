"""A request that changes something must come from a page of this site. Stands beside the CSRF token."""

from __future__ import annotations

from flask import request

from backoffice.access.guard import SAFE_METHODS
from backoffice.access.redirects import split
from backoffice.errors import NotAllowed
from backoffice.i18n import gettext as _

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def check() -> None:
    """Raise NotAllowed for an unsafe request that the browser says another site has sent."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    source = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (source is not None and not _is_this_host(source)):
        raise NotAllowed(
            _("This was sent from another site and has been refused. Open the page here and send it again.")
        )


def is_told() -> bool:
    """Whether the browser says at all where a request comes from; `check` has seen that it is from here."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin" or "Origin" in request.headers


def _is_this_host(source: str) -> bool:
    # The scheme is left out: behind a proxy that ends TLS it may read http here and https in the browser.
    parts = split(source)
    if parts is None:
        return False
    port = DEFAULT_PORTS.get(parts.scheme, "")
    return bool(parts.netloc) and parts.netloc.removesuffix(port) == request.host.removesuffix(port)
