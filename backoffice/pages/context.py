"""What every template may use."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request, session, url_for
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from backoffice.access import permissions
from backoffice.config import Settings
from backoffice.i18n import LOCALES
from backoffice.logs import request_id
from backoffice.operations import notices

# Of so many sessions the token is kept.
MOST_TOKENS = 500


def init_app(app: Flask, settings: Settings) -> None:
    """Hand the frame's values to every template, beside what Flask-Login and Flask-WTF hand out."""
    # The space before a block says nothing, and in a long list it would be a tenth of the page.
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["csrf_token"] = _CsrfTokens().present

    @app.context_processor
    def frame() -> dict[str, Any]:
        # While somebody edits the files, each page looks whether one has changed.
        edition = _edition() if settings.environment == "development" else 0
        return {
            "environment": settings.environment,
            "colour_scheme": _colour_scheme(),
            "density": _density(),
            "locale": str(get_locale() or settings.default_locale),
            "locales": LOCALES,
            "may": permissions.may,
            "asset": partial(_asset, edition),
            "assets": partial(_assets, edition),
            "request_id": request_id(),
            "standing": notices.told,
        }


class _CsrfTokens:
    """The tokens of forms: Flask-WTF would sign another one for each page of a session, though each is good for all."""

    def __init__(self) -> None:
        self._of_sessions: dict[str, str] = {}

    def present(self) -> str:
        """The token of this page's forms."""
        token: str = g.get("csrf_token") or self._of_sessions.get(session.get("csrf_token", ""), "")
        if not token:
            token = str(generate_csrf())
            if len(self._of_sessions) >= MOST_TOKENS:
                self._of_sessions.clear()
            self._of_sessions[session["csrf_token"]] = token
        g.csrf_token = token
        return token


def _asset(edition: int, path: str) -> str:
    """The address of a file in static/, or of a folder of scripts, stamped with its content: to be kept for good."""
    return _address(request.script_root, edition, path)


def _assets(edition: int) -> Markup:
    """The links to every style and script; drawn once, as they are the same on every page."""
    return _drawn_assets(request.script_root, edition)


@lru_cache(maxsize=16)
def _drawn_assets(_script_root: str, edition: int) -> Markup:
    template = current_app.jinja_env.get_template("assets.html")
    # A template of ours escapes what it is given.
    return Markup(template.render(asset=partial(_asset, edition)))  # noqa: S704 - see above


@lru_cache(maxsize=1024)
def _address(_script_root: str, _edition: int, path: str) -> str:
    """Fifty files stand in the head of every page; where they are changes only with the place of the whole site."""
    found = _static() / path
    files = sorted(found.glob("*.js")) if found.is_dir() else [found] if found.is_file() else []
    stamp = hashlib.sha256(b"".join(map(_content, files))).hexdigest()[:6] if files else "0"
    return f"{url_for('static', filename=path)}?v={stamp}"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        # Gone meanwhile, as an editor's own files are.
        return b""


def _edition() -> int:
    """A number that is another one once a file of static/ has been changed, added or taken away."""
    files = (os.path.join(folder, name) for folder, _folders, names in os.walk(_static()) for name in names)
    return hash(tuple((file, _changed(file)) for file in files))


def _changed(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except FileNotFoundError:
        # An editor's own file, gone as quickly as it came.
        return 0


def _static() -> Path:
    return Path(current_app.static_folder or "")


def _colour_scheme() -> str:
    theme = request.cookies.get("theme", "auto")
    return theme if theme in ("light", "dark") else "auto"


def _density() -> str:
    """How close the rows of lists stand."""
    return "compact" if request.cookies.get("density") == "compact" else "comfortable"
