"""Importing the way tests do it: uploading a file, trying it out, applying what was shown, and what is told then."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import ImportRow, Job, User

Client = FlaskClient


def csv(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def upload(client: Client, content: bytes, name: str = "a.csv", model: str = "user") -> Any:
    form = client.get(f"/admin/{model}/import/").text
    found = re.search(r'name="form_id" value="([^"]+)"', form)
    assert found, form
    data = {"form_id": found[1], "upload": (io.BytesIO(content), name)}
    return client.post(f"/admin/{model}/import/", data=data, content_type="multipart/form-data")


def mapping_of(page: str) -> dict[str, Any]:
    """What the form would send as it is proposed."""
    form = page[page.index('<form class="card import-form"') :]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'\s{part}="([^"]*)"', tag) for part in ("name", "value"))
        if name and value and ("hidden" in tag or " checked" in tag):
            sent.setdefault(unescape(name[1]), []).append(unescape(value[1]))
    for name, options in re.findall(r'<select[^>]*name="(to-\d+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = [chosen[1] if chosen else ""]
    return sent


def check(client: Client, content: bytes, name: str = "a.csv", model: str = "user", **changed: Any) -> Job:
    """Upload and try out as proposed, but for what is changed; the id of the job."""
    uploaded = upload(client, content, name, model)
    assert uploaded.status_code == 302, uploaded.text
    page = client.get(uploaded.location)
    assert page.status_code == 200, page.text
    sent = {**mapping_of(page.text), **changed}
    started = client.post(f"/admin/{model}/import/", data=sent)
    assert started.status_code == 302, started.text
    return int(re.search(r"id=(\d+)", started.location)[1])


def rows_of(session: Session, job: int) -> list[ImportRow]:
    session.expire_all()
    return list(session.scalars(sa.select(ImportRow).where(ImportRow.job_id == job).order_by(ImportRow.position)))


def verdicts(session: Session, job: int) -> list[str]:
    return [row.verdict for row in rows_of(session, job)]


def apply(client: Client, job: int) -> Any:
    return client.post(f"/admin/job/apply/?id={job}")


def users(session: Session) -> dict[str, User]:
    session.expire_all()
    return {user.username: user for user in session.scalars(sa.select(User))}
