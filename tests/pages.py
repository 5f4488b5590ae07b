"""Reading pages the way tests need it: rows, cells, forms and messages, without a browser."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

from flask.testing import FlaskClient


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
