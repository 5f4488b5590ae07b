"""Bootstrap's icons drawn into the page, shape by shape: the whole set as one file is over a megabyte."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from flask import Flask
from markupsafe import Markup

_SYMBOL = re.compile(r'<symbol [^>]*viewBox="([\d .-]+)" id="([\w-]+)">(.*?)</symbol>', re.DOTALL)


def init_app(app: Flask) -> None:
    """Let templates draw an icon by its name: `{{ icon_svg("plus-lg") }}`."""
    app.jinja_env.globals["icon_svg"] = icon_svg


@cache
def icon_svg(name: str) -> Markup:
    """The icon called `name`, hidden from screen readers; nothing where there is no such icon."""
    if name not in _shapes():
        return Markup("")
    view_box, shape = _shapes()[name]
    # The shapes come from the installed package, never from a person.
    return Markup(f'<svg class="icon" viewBox="{view_box}" aria-hidden="true">{shape}</svg>')  # noqa: S704


@cache
def _shapes() -> dict[str, tuple[str, str]]:
    sprite = files("flask_bootstrap") / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
    return {m[2]: (m[1], m[3]) for m in _SYMBOL.finditer(sprite.read_text(encoding="utf-8"))}
