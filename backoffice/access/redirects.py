"""Where a person is led next: only ever to a page of this site."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from flask import request
from werkzeug.urls import iri_to_uri

HOME = "/admin/"


def inside(address: str | None) -> str | None:
    """The address if every browser reads it as a path of this site, else None.

    Browsers drop tabs and line ends and read a backslash as a slash, so all of these are refused.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return None
    if "\\" in address or any(ord(letter) <= 32 or ord(letter) == 127 for letter in address):
        return None
    return address


def safe_target(address: str | None, otherwise: str) -> str:
    """The address if it is inside the site, else the other one."""
    return inside(address) or otherwise


def referring_page() -> str | None:
    """The page of this site that sent the request, as a path, if the browser says so."""
    parts = split(request.referrer)
    if parts is None or parts.netloc != request.host:
        return None
    return inside(parts._replace(scheme="", netloc="", fragment="").geturl())


def split(address: str | None) -> SplitResult | None:
    """The parts of an address that a browser sent; None where it is none."""
    try:
        return urlsplit(address or "")
    except ValueError:
        return None


def present_page() -> str | None:
    """The page to come back to after signing in: this one if it can be opened, else the one before it."""
    methods = request.url_rule.methods if request.url_rule else None
    if "GET" in (methods or ()):
        return inside(iri_to_uri(request.full_path.removesuffix("?")))
    return referring_page()
