"""Applications and browsers for the tests of access."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def guarded_app(make_app: Callable[..., Flask]) -> Flask:
    """The application with its CSRF check on, as it runs outside of tests."""
    return make_app(extra={"WTF_CSRF_ENABLED": True})


@pytest.fixture
def token_of() -> Callable[[FlaskClient, str], str]:
    """`token_of(browser, "/sign-in")` reads the CSRF token that the page's forms hold."""

    def read(browser: FlaskClient, page: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
        assert found, f"{page} holds no CSRF token"
        return found[1]

    return read
