"""Who acts, for the history: the person of a request or of the job that works for them, or the command that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import g, has_request_context, request
from flask_babel import force_locale
from flask_security import current_user

from backoffice.errors import NotAllowed
from backoffice.extensions import db
from backoffice.i18n import gettext as _
from backoffice.logs import request_id
from backoffice.models import Staff
from backoffice.records import actors
from backoffice.records.actors import Actor


def init_app() -> None:
    """Let the history ask here."""
    actors.ask_through(present)


def present() -> Actor:
    """The actor of this request, job or command."""
    if not has_request_context():
        context = click.get_current_context(silent=True)
        return Actor(source=f"command {context.command_path}" if context else "")
    source = g.get("acting_source") or f"request {request_id()}"
    if not current_user.is_authenticated:
        return Actor(address=request.remote_addr or "", source=source)
    return Actor(current_user.id, current_user.email, request.remote_addr or "", source)


@contextmanager
def acting_as(staff_id: int | None, source: str, locale: str) -> Iterator[None]:
    """Within the present context everything is done as this member of staff, with the permissions they have now.

    NotAllowed where the account is gone or may not sign in any more. Without a person it is the product itself.
    """
    g.acting_source = source
    g.pop("catalogue", None)  # the words of whoever was there before
    with force_locale(locale):
        person = db.session.get(Staff, staff_id, populate_existing=True) if staff_id is not None else None
        if staff_id is not None and (person is None or not person.active):
            raise NotAllowed(_("The account of whoever asked for this is gone or disabled."))
        if person is not None:
            g._login_user = person  # where Flask-Login keeps whoever is signed in
        yield
