"""Who stands behind a change: the person who is signed in and their request, or the command that runs."""

from __future__ import annotations

import click
from flask import has_request_context, request
from flask_security import current_user

from backoffice.logs import request_id
from backoffice.records import actors
from backoffice.records.actors import Actor


def init_app() -> None:
    """Let the history ask here."""
    actors.ask_through(present)


def present() -> Actor:
    """The actor of this request or command."""
    if not has_request_context():
        context = click.get_current_context(silent=True)
        return Actor(source=f"command {context.command_path}" if context else "")
    source = f"request {request_id()}"
    if not current_user.is_authenticated:
        return Actor(address=request.remote_addr or "", source=source)
    return Actor(current_user.id, current_user.email, request.remote_addr or "", source)
