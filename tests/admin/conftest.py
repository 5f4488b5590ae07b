"""Two editors, for what happens between people."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def grace(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """One of them, signed in."""
    return sign_in("editor", "grace@example.com")


@pytest.fixture
def ada(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """The other."""
    return sign_in("editor", "ada@example.com")
