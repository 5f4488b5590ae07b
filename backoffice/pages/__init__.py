"""The frame around every page: home, health, preferences, what templates may use, error pages."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from backoffice.access import guard, redirects
from backoffice.config import Settings
from backoffice.errors import BadInput
from backoffice.i18n import LOCALE_COOKIE, LOCALES
from backoffice.i18n import gettext as _
from backoffice.pages import context, failures

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
DENSITIES = ("comfortable", "compact")
DENSITY_COOKIE = "density"
CHOICES = {THEME_COOKIE: THEMES, DENSITY_COOKIE: DENSITIES, LOCALE_COOKIE: tuple(code for code, _name in LOCALES)}
ONE_YEAR = 31_536_000

pages = Blueprint("pages", __name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Register the public pages, the templates' context and the error pages."""
    app.register_blueprint(pages)
    for endpoint in ("pages.home", "pages.preferences"):
        guard.declare(app, endpoint, guard.PUBLIC)
    guard.declare(app, "pages.shortcuts", guard.SIGNED_IN)
    context.init_app(app, settings)
    failures.init_app(app)


@pages.get("/")
def home() -> Response:
    """The site has one entrance."""
    return redirect(redirects.HOME)


@pages.get("/shortcuts")
def shortcuts() -> str:
    """The sheet of keys, for the page that is open."""
    return render_template("shortcuts.html")


@pages.post("/preferences")
def preferences() -> ResponseReturnValue:
    """Keep the theme, the language and the density of lists for a year, and go back."""
    chosen = {name: request.form[name] for name in CHOICES if name in request.form}
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise BadInput(_("%(name)s has to be one of: %(choices)s.", name=name, choices=", ".join(CHOICES[name])))
    response = current_app.make_response(_back())
    for name, value in chosen.items():
        response.set_cookie(name, value, max_age=ONE_YEAR, secure=_secure(), httponly=True, samesite="Lax")
    return response


def _back() -> ResponseReturnValue:
    if guard.wants_json():
        return "", 204
    back = redirects.inside(request.form.get("next")) or redirects.referring_page()
    return redirect(back or redirects.HOME, 303)


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
