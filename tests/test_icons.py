"""Icons come from the installed package, in one small file; what it lacks is drawn into the page."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backoffice.icons import icon, icon_svg, named

pytestmark = pytest.mark.sqlite_only


def test_a_known_icon_is_drawn_hidden_from_screen_readers() -> None:
    drawn = icon_svg("plus-lg")
    assert drawn.startswith('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path')
    assert drawn.count("<svg") == drawn.count("</svg>") == 1


def test_an_unknown_icon_draws_nothing() -> None:
    assert icon_svg('x"><script>') == ""


def test_what_templates_and_views_name_is_in_one_file_that_browsers_keep(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address, name = re.findall(r'href="([^"#]+)#([^"]+)"', icon("plus-lg"))[0]
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert {name, "file-text", "pencil"} <= set(re.findall(r'<symbol id="([^"]+)"', answer.text)) == named()
    assert len(answer.data) < 40_000


def test_an_icon_that_nobody_named_is_drawn_into_the_page(app: Flask) -> None:
    assert "airplane" not in named()
    with app.test_request_context():
        assert icon("airplane") == icon_svg("airplane") != ""
