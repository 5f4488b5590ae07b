"""Reading pages the way tests need it: rows, cells, forms and messages, without a browser."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def row_keys(page: str) -> list[str]:
    """The keys of a list's rows, in order."""
    return [html.unescape(key) for key in re.findall(r'<tr[^>]*\sdata-pk="([^"]*)"', page)]


def total(page: str) -> int:
    """The count that stands on the list."""
    found = re.search(r'data-count="(\d+)"', page)
    assert found, "the page has no data-count"
    return int(found[1])


def listed(client: FlaskClient, path: str, **question: str) -> list[str]:
    """The row keys a list answers a question with."""
    response = client.get(f"{path}?{urlencode(question)}")
    page = response.get_data(as_text=True)
    assert response.status_code == 200, page
    return row_keys(page)


def field_value(page: str, name: str) -> str:
    """What the form's input, text area or chosen option `name` holds."""
    area = re.search(rf'<textarea[^>]*\sname="{name}"[^>]*>\r?\n?(.*?)</textarea>', page, re.S)
    if area:
        return html.unescape(area[1])
    for tag in re.findall(r"<input[^>]*>", page):
        if f'name="{name}"' in tag:
            value = re.search(r'\svalue="([^"]*)"', tag)
            return html.unescape(value[1]) if value else ""
    raise AssertionError(f"the page has no field {name!r}")


def form_of(page: str, *names: str) -> dict[str, str]:
    """What a form on the page would send of these fields."""
    return {name: field_value(page, name) for name in names}


def confirm(client: FlaskClient, path: str, asked: dict[str, Any] | None = None, **more: Any) -> TestResponse:
    """Open the question at `path`, or ask it by posting `asked`, and say yes, with `more` filled in."""
    question = client.post(path, data=asked, follow_redirects=True) if asked else client.get(path)
    return say_yes(client, question.get_data(as_text=True), **more)


def say_yes(client: FlaskClient, page: str, **more: Any) -> TestResponse:
    """Send the question that a page asks, with `more` filled in."""
    form = re.search(r'<form class="card confirm[^"]*" method="post" action="([^"]+)".*?</form>', page, re.S)
    assert form, page
    hidden: dict[str, list[str]] = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', form[0]):
        name, value = (re.search(rf'\s{part}="([^"]*)"', tag) for part in ("name", "value"))
        hidden.setdefault(html.unescape(name[1]) if name else "", []).append(html.unescape(value[1]) if value else "")
    return client.post(html.unescape(form[1]), data={**hidden, **more})
