"""What every template may use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_babel import get_locale
from markupsafe import Markup

from backoffice.access import permissions
from backoffice.config import Settings
from backoffice.i18n import LOCALES
from backoffice.logs import request_id


def init_app(app: Flask, settings: Settings) -> None:
    """Hand the frame's values to every template, beside what Flask-Login and Flask-WTF hand out."""
    editing = settings.environment == "development"
    asset, assets = (_asset_now, _assets_now) if editing else (_asset, _assets)

    # The space before a block says nothing, and in a long list it would be a tenth of the page.
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {
            "environment": settings.environment,
            "colour_scheme": _colour_scheme(),
            "density": _density(),
            "locale": str(get_locale() or settings.default_locale),
            "locales": LOCALES,
            "may": permissions.may,
            "asset": asset,
            "assets": assets,
            "request_id": request_id(),
        }


def _asset(path: str) -> str:
    """The address of a file in static/, stamped with its content so that browsers may keep it for good."""
    return _address(request.script_root, path)


def _asset_now(path: str) -> str:
    """The same while somebody edits the files."""
    return _address(request.script_root, path, _changed(_file(path)))


def _assets() -> Markup:
    """The links to every style and script; drawn once, as they are the same on every page."""
    return _drawn_assets(request.script_root)


def _assets_now() -> Markup:
    """The same while somebody edits the files."""
    return _draw_assets(_asset_now)


@lru_cache(maxsize=16)
def _drawn_assets(_script_root: str) -> Markup:
    return _draw_assets(_asset)


def _draw_assets(asset: Callable[[str], str]) -> Markup:
    # A template of ours escapes what it is given.
    return Markup(current_app.jinja_env.get_template("assets.html").render(asset=asset))  # noqa: S704 - see above


@lru_cache(maxsize=1024)
def _address(_script_root: str, path: str, _at: int = 0) -> str:
    """Fifty files stand in the head of every page; where they are changes only with the place of the whole site."""
    file = _file(path)
    stamp = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else "0"
    return f"{url_for('static', filename=path)}?v={stamp}"


def _file(path: str) -> Path:
    return Path(current_app.static_folder or "") / path


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _colour_scheme() -> str:
    theme = request.cookies.get("theme", "auto")
    return theme if theme in ("light", "dark") else "auto"


def _density() -> str:
    """How close the rows of lists stand."""
    return "compact" if request.cookies.get("density") == "compact" else "comfortable"
