"""How tests keep, open and read saved views."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Role

ARTICLES = "/admin/article/"
DRAFTS = json.dumps({"all": [["published_at", "null"]]}, separators=(",", ":"))


def role_id(session: Session, name: str) -> int:
    return session.scalars(sa.select(Role.id).where(Role.name == name)).one()


def keep(client: FlaskClient, name: str, path: str = ARTICLES, **form: Any) -> int:
    """Save a view; the id that its address bears."""
    response = client.post(f"{path}views/new/", data={"name": name, **form})
    assert response.status_code == 302, response.text
    return int(parse_qs(urlsplit(response.location).query)["view"][0])


def page_of(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.text
    return response.text


def tabs(page: str) -> list[str]:
    """The words of the tabs in order, the open one in brackets."""
    row = re.search(r'<nav class="tabs" data-controller="tabs" aria-label="Saved views">(.*?)</nav>', page, re.S)
    assert row
    words = []
    for attributes, inner in re.findall(r"<a ([^>]*)>(.*?)</a>", row[1], re.S):
        label = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", inner)).split())
        words.append(f"[{label}]" if "aria-current" in attributes else label)
    return words


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)]


def ways(page: str) -> set[str]:
    """What the row of tabs offers to do."""
    part = page.partition('<div class="views-tools">')[2].partition('<div class="list-tools">')[0]
    return {w for w in ("Save", "Save as new…", "Save view…", "Discard changes", "Delete…") if f">{w}<" in part
            or f"</svg>{w}<" in part}  # fmt: skip


def menu(page: str) -> dict[str, str]:
    """What the form beside the tabs sends."""
    form = re.search(r'<form[^>]*id="view-change".*?</form>', page, re.S)
    assert form
    return {n: html.unescape(v) for n, v in re.findall(r'name="([^"]*)" value="([^"]*)"', form[0])}
