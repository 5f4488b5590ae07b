"""The pages that sign a person in and out and change a password, in place of Flask-Security's.

Those read JSON, hand out tokens on request, take `next` for an endpoint's name and fail on a malformed one.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_security import current_user, login_user, logout_user
from flask_security.changeable import change_user_password
from werkzeug.wrappers import Response

from backoffice.access import accounts, redirects
from backoffice.access.forms import NewPasswordForm, SignInForm
from backoffice.extensions import db, security
from backoffice.i18n import gettext as _


def sign_in() -> Response:
    """Ask for address and password; lead on to the page asked for before."""
    if current_user.is_authenticated:
        return redirect(redirects.HOME)
    form = SignInForm(request.form)
    if request.method == "POST" and form.validate() and form.staff is not None:
        login_user(form.staff, remember=False, authn_via=["password"])
        db.session.commit()
        return redirect(redirects.safe_target(request.values.get("next"), redirects.HOME))
    return _page(render_template("security/login_user.html", login_user_form=form), form.wait)


def sign_out() -> Response:
    """End this person's sessions, here and elsewhere.

    A session lives in its cookie, and a cookie cannot be called back: so the name it carries is renewed, and a copy
    somebody kept opens nothing any more.
    """
    if current_user.is_authenticated:
        accounts.end_sessions(current_user._get_current_object())
    logout_user()
    return redirect(url_for("security.login"))


def change_password() -> Response:
    """Ask for a new password; taking it ends every other session of the account."""
    form = NewPasswordForm(request.form)
    if request.method == "POST" and form.validate():
        # Written as signing in will read it: the same letters can be typed in more than one way.
        new = security.password_util.normalize(form.new_password.data or "")
        change_user_password(current_user._get_current_object(), new)
        db.session.commit()
        flash(_("Your password is changed. All your other sessions have ended."), "success")
        return redirect(redirects.HOME)
    return _page(render_template("security/change_password.html", change_password_form=form), form.wait)


def _page(html: str, wait: timedelta | None) -> Response:
    response = make_response(html)
    if wait:
        response.status_code = 429
        response.headers["Retry-After"] = str(ceil(wait.total_seconds()))
    return response
