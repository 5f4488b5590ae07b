"""The sign-in and change-password forms, both behind the throttle."""

from __future__ import annotations

import logging
from datetime import timedelta
from math import ceil
from typing import Any

from flask import request
from flask_babel import ngettext
from flask_security import current_user
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, PasswordField, ValidationError
from wtforms.validators import EqualTo, InputRequired

from backoffice.access import accounts, passwords, throttle
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import Staff
from backoffice.signals import sign_in_refused

_logger = logging.getLogger(__name__)


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    """Email address and password. Every refusal reads the same, costs the same and is counted."""

    email = EmailField(_l("Email address"), render_kw={"autocomplete": "username"})
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"})

    # The account that may come in, or how long it has to wait before it is looked at.
    staff: Staff | None = None
    wait: timedelta | None = None

    def validate(self, **kwargs: Any) -> bool:
        """Whether this is an active account's password; counts the attempt before it looks."""
        email, password = str(self.email.data or ""), str(self.password.data or "")
        if not super().validate(**kwargs):
            return False
        if not email.strip() or not password:
            return self._refuse(_("Enter your email address and your password."))
        attempt = throttle.take(throttle.counters(accounts.normalised(email), request.remote_addr))
        self.wait = attempt.wait
        if self.wait:
            sign_in_refused.send(reason="throttled")
            return self._refuse(_refusal(), try_again_in(self.wait))
        self.staff = accounts.authenticate(email, password)
        if self.staff is None:
            throttle.fail(attempt)
            sign_in_refused.send(reason="wrong")
            _logger.info("a sign-in from %s was refused", request.remote_addr)
            return self._refuse(_refusal())
        throttle.succeed(attempt)
        return True

    def _refuse(self, *sentences: str) -> bool:
        # Over the whole form: at a field it would tell which of the two was wrong.
        self.form_errors = [" ".join(sentences)]
        return False


class NewPasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    """The present password and a new one twice. Guessing the present one is throttled too."""

    password = PasswordField(
        _l("Present password"),
        validators=[InputRequired(_l("Enter your present password."))],
        render_kw={"autocomplete": "current-password"},
    )
    new_password = PasswordField(
        _l("New password"),
        validators=[InputRequired(_l("Enter a new password."))],
        render_kw={"autocomplete": "new-password", "minlength": passwords.SHORTEST},
    )
    new_password_confirm = PasswordField(
        _l("New password again"),
        validators=[EqualTo("new_password", _l("The two new passwords are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )

    wait: timedelta | None = None

    def validate_new_password(self, field: Field) -> None:
        """A new password has to be good, and new."""
        if sentence := passwords.complaint(field.data, current_user.email):
            raise ValidationError(sentence)
        if field.data == self.password.data:
            raise ValidationError(_("The new password is the present one: choose another."))

    def validate(self, **kwargs: Any) -> bool:
        """Whether the new password will do and the present one is right, looked at in this order."""
        if not super().validate(**kwargs):
            return False
        attempt = throttle.take(throttle.counters(f"change {current_user.email}", request.remote_addr))
        self.wait = attempt.wait
        if self.wait:
            self.password.errors = [try_again_in(self.wait)]
            return False
        if accounts.authenticate(current_user.email, str(self.password.data)) is None:
            throttle.fail(attempt)
            self.password.errors = [_("The present password is not right.")]
            return False
        throttle.succeed(attempt)
        return True


def try_again_in(wait: timedelta) -> str:
    """When the throttle opens again, in words."""
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


def _refusal() -> str:
    return str(_("The email address or the password is not right, or the account is not active."))
