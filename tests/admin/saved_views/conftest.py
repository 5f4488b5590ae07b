"""Two people who keep views."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def ada(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in("editor", "ada@example.com")


@pytest.fixture
def grace(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in("editor", "grace@example.com")
