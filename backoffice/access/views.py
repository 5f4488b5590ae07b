"""The pages that sign a person in and out and change a password, in place of Flask-Security's.

Those read JSON, hand out tokens on request, take `next` for an endpoint's name and fail on a malformed one.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from flask import flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_security import current_user, login_user, logout_user
from flask_security.changeable import change_user_password
from werkzeug.wrappers import Response

from backoffice.access import accounts, carried, guard, redirects
from backoffice.access.forms import NewPasswordForm, SignInForm
from backoffice.access.present import present
from backoffice.extensions import db, security
from backoffice.i18n import gettext as _


def sign_in() -> Response:
    """Ask for address and password; lead on to the page asked for before, or to what was typed there.

    A script that sends this for a form that is open gets JSON, and may put another person in the present one's place.
    """
    by_script = request.method == "POST" and guard.wants_json()
    if current_user.is_authenticated and not by_script:
        return redirect(redirects.HOME)
    form, sealed = SignInForm(request.form), request.form.get("typed", "")
    if request.method == "POST" and form.validate() and form.staff is not None:
        login_user(form.staff, remember=False, authn_via=["password"])
        db.session.commit()
        if by_script:
            return jsonify(present())
        if typed := carried.opened(sealed):
            return typed_page(typed, 200)
        return redirect(redirects.safe_target(request.values.get("next"), redirects.HOME))
    if by_script:
        return _delayed(make_response(jsonify(error=" ".join(map(str, form.form_errors))), 422), form.wait)
    return _page(render_template("security/login_user.html", login_user_form=form, typed=sealed), form.wait)


def sign_in_with(sealed: str) -> Response:
    """The sign-in page in place of an answer to a form whose session has ended; it carries what was typed along."""
    page = render_template("security/login_user.html", login_user_form=SignInForm(formdata=None), typed=sealed)
    return make_response(page, 401)


def typed_page(typed: carried.Carried, status: int, reason: str = "") -> Response:
    """The way back to a form with what was typed into it, nothing of which is saved yet."""
    page = render_template("security/typed.html", typed=typed, again=carried.AGAIN, reason=reason)
    return make_response(page, status)


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
    return _delayed(make_response(html), wait)


def _delayed(response: Response, wait: timedelta | None) -> Response:
    if wait:
        response.status_code = 429
        response.headers["Retry-After"] = str(ceil(wait.total_seconds()))
    return response
