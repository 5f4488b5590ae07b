"""What tests below the pages need: a language for the sentences of errors, without the application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel


@pytest.fixture
def english() -> Iterator[None]:
    """An application context in which messages are English."""
    app = Flask("messages")
    Babel(app)
    with app.app_context():
        yield
