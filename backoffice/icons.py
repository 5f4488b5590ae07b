"""Bootstrap's icons: those the interface names in one small file, any other drawn into the page.

The whole set as one file is over a megabyte, and the shapes themselves would be a quarter of a list's page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Set
from functools import cache, lru_cache
from importlib.resources import files

from flask import Flask, Response, request
from markupsafe import Markup

from backoffice.access.guard import PUBLIC, declare
from backoffice.config import ROOT

_SYMBOL = re.compile(r'<symbol [^>]*viewBox="([\d .-]+)" id="([\w-]+)">(.*?)</symbol>', re.DOTALL)
_QUOTED = re.compile(r"""["']([a-z0-9-]{3,40})["']""")
# The value of its viewBox, and what stands in it.
Shape = tuple[str, str]


def init_app(app: Flask) -> None:
    """Let templates draw a shape beside words: `{{ icon("plus-lg") }}`. It never carries a meaning alone."""
    app.add_url_rule("/icons.svg", "icons.static", lambda: Response(_sprite(), mimetype="image/svg+xml"))
    declare(app, "icons.static", PUBLIC)
    app.jinja_env.globals["icon"] = icon


def icon(name: str) -> Markup:
    """The icon called `name` on a page: by reference where the file has it, else drawn."""
    return _reference(request.script_root, name) if name in named() else icon_svg(name)


@lru_cache(maxsize=1024)
def _reference(root: str, name: str) -> Markup:
    address = f"{root}/icons.svg?v={_stamp()}#{name}"
    # Both names come from the program and the server's settings, never from a person.
    return Markup(f'<svg class="icon" aria-hidden="true"><use href="{address}"/></svg>')  # noqa: S704 - see above


@cache
def icon_svg(name: str) -> Markup:
    """The icon called `name`, hidden from screen readers; nothing where there is no such icon."""
    shape = _named_shapes().get(name) or _shapes({name}).get(name)
    if shape is None:
        return Markup("")
    # The shapes come from the installed package, never from a person.
    return Markup(f'<svg class="icon" viewBox="{shape[0]}" aria-hidden="true">{shape[1]}</svg>')  # noqa: S704 - see above


def named() -> Set[str]:
    """The icons whose names stand, quoted, in the templates and the views."""
    return _named_shapes().keys()


@cache
def _named_shapes() -> dict[str, Shape]:
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "backoffice" / "admin").rglob("*.py")]
    return _shapes({word for path in sources for word in _QUOTED.findall(path.read_text(encoding="utf-8"))})


@cache
def _sprite() -> str:
    symbols = (
        f'<symbol id="{name}" viewBox="{box}">{shape}</symbol>'
        for name, (box, shape) in sorted(_named_shapes().items())
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


@cache
def _stamp() -> str:
    return hashlib.sha256(_sprite().encode()).hexdigest()[:6]


def _shapes(names: Set[str]) -> dict[str, Shape]:
    """Those of the set that are called so; the whole set is not kept, which is 1.5 MiB."""
    sprite = files("flask_bootstrap") / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
    found = _SYMBOL.finditer(sprite.read_text(encoding="utf-8"))
    return {m[2]: (m[1], m[3]) for m in found if m[2] in names}
