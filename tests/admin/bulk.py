"""Bulk actions the way tests use them: asking, sending the dialog, and the job that comes of it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Article, Job
from tests.pages import form_of


def where(*conditions: Any) -> str:
    """A selection as a list's form carries it."""
    return urlencode({"where": json.dumps({"all": list(conditions)})})


def ask(client: FlaskClient, action: str, selection: str = "", **data: Any) -> Any:
    """Choose an action for all that match: its dialog."""
    answer = choose(client, action, selection, **data)
    return client.get(answer.location) if answer.location else answer


def choose(client: FlaskClient, action: str, selection: str = "", **data: Any) -> Any:
    """Press the button of an action in the list, with all that match ticked; where that leads."""
    return client.post("/admin/article/action/", data={"action": action, "all": "yes", "selection": selection, **data})


def hidden(page: str) -> dict[str, str]:
    """What the dialog carries along."""
    return form_of(page, "form_id", "action", "url", "rows", "ready")


def send(client: FlaskClient, page: str, **given: str) -> Any:
    """Send the dialog."""
    return client.post(
        "/admin/article/bulk/", data={**hidden(page), **{n.replace("__", "-"): v for n, v in given.items()}}
    )


def count(session: Session, *conditions: Any) -> int:
    """Articles as they stand in the database now."""
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(Article).where(*conditions)) or 0


def the_job(session: Session) -> Job:
    """The one job there is."""
    session.rollback()
    return session.scalars(sa.select(Job).execution_options(populate_existing=True)).one()
