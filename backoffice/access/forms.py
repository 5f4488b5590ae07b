"""The sign-in and change-password forms: Flask-Security's, with a throttle and our own words."""

from __future__ import annotations

import logging
from datetime import timedelta
from math import ceil
from typing import Any

from flask import after_this_request, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_security import ChangePasswordForm, LoginForm, current_user
from werkzeug.wrappers import Response
from wtforms import EmailField, Field, PasswordField, SubmitField
from wtforms.validators import EqualTo, InputRequired

from backoffice.access import accounts, passwords, redirects, throttle
from backoffice.extensions import security

_logger = logging.getLogger(__name__)


class SignInForm(LoginForm):
    """Email address and password. Every refusal reads the same, costs the same and is counted."""

    email = EmailField(_l("Email address"), render_kw={"autocomplete": "username"})
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"})
    # There is no "remember me": a session ends when SESSION_HOURS have passed.
    remember = None  # type: ignore[assignment]  # how WTForms leaves a field out
    submit = SubmitField(_l("Sign in"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next.data = redirects.inside(self.next.data) or ""

    def validate_next(self, field: Field) -> None:
        """Nothing to complain about: an address outside the site has been dropped already."""

    def validate(self, **kwargs: Any) -> bool:
        """Whether this is an active account's password; counts the attempt before it looks."""
        email, password = str(self.email.data or ""), str(self.password.data or "")
        if not email.strip() or not password:
            return self._refuse(_("Enter your email address and your password."))
        counted = throttle.counters(accounts.normalised(email), request.remote_addr)
        if wait := throttle.take(counted):
            return self._refuse_for(wait)
        self.ifield, self.user = self.email, accounts.find(email)
        if len(password) > passwords.LONGEST or not super().validate(**kwargs):
            _logger.info("a sign-in from %s was refused", request.remote_addr)
            return self._refuse(_refusal())
        throttle.succeed(counted)
        _lead_to(redirects.inside(self.next.data) or redirects.HOME)
        return True

    def _refuse(self, *sentences: str) -> bool:
        # An error at a field would tell which of the two was wrong.
        self.email.errors, self.password.errors = [], []
        self.form_errors = [" ".join(sentences)]
        return False

    def _refuse_for(self, wait: timedelta) -> bool:
        _answer_too_many(wait)
        return self._refuse(_refusal(), _try_again_in(wait))


class NewPasswordForm(ChangePasswordForm):
    """The present password and a new one twice. Guessing the present one is throttled too."""

    password = PasswordField(_l("Present password"), render_kw={"autocomplete": "current-password"})
    new_password = PasswordField(
        _l("New password"),
        description=_l("At least %(number)s characters.", number=passwords.SHORTEST),
        validators=[InputRequired(_l("Enter a new password."))],
        render_kw={"autocomplete": "new-password", "minlength": passwords.SHORTEST},
    )
    new_password_confirm = PasswordField(
        _l("New password again"),
        validators=[EqualTo("new_password", _l("The two new passwords are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField(_l("Change password"))

    def validate(self, **kwargs: Any) -> bool:
        """Whether the present password is right and the new one will do."""
        new = security.password_util.normalize(str(self.new_password.data or ""))
        if new and (sentence := passwords.complaint(new, current_user.email)):
            self.new_password.errors = [sentence]
            return False
        counted = throttle.counters(f"change {current_user.email}", request.remote_addr)
        if wait := throttle.take(counted):
            _answer_too_many(wait)
            self.password.errors = [_try_again_in(wait)]
            return False
        right = super().validate(**kwargs)
        if right:
            throttle.succeed(counted)
        return right


def _refusal() -> str:
    return str(_("The email address or the password is not right, or the account is not active."))


def _try_again_in(wait: timedelta) -> str:
    seconds = ceil(wait.total_seconds())
    minutes = ceil(seconds / 60)
    in_seconds = ngettext(
        "There were too many wrong attempts. Try again in %(num)s second.",
        "There were too many wrong attempts. Try again in %(num)s seconds.",
        seconds,
    )
    in_minutes = ngettext(
        "There were too many wrong attempts. Try again in %(num)s minute.",
        "There were too many wrong attempts. Try again in %(num)s minutes.",
        minutes,
    )
    return str(in_seconds if seconds < 60 else in_minutes)


def _answer_too_many(wait: timedelta) -> None:
    """429 with the seconds to wait, for programs that look at it."""

    @after_this_request
    def mark(response: Response) -> Response:
        response.status_code = 429
        response.headers["Retry-After"] = str(ceil(wait.total_seconds()))
        return response


def _lead_to(destination: str) -> None:
    """Flask-Security would take `next` for an endpoint's name first and quote its path twice."""

    @after_this_request
    def lead(response: Response) -> Response:
        response.headers["Location"] = destination
        return response
