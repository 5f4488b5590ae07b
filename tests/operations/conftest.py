"""What the application writes to standard error, whatever it is told to."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from backoffice import logs

MakeLoggingApp = Callable[..., tuple[Flask, io.StringIO]]


@pytest.fixture
def make_logging_app(app: Flask, make_app: Callable[..., Flask]) -> Iterator[MakeLoggingApp]:
    """Make an application as `make_app` does, with its log; afterwards it is written as before."""
    root = logging.getLogger()
    former = [handler for handler in root.handlers if isinstance(handler, logs._Handler)]

    def make(**settings: Any) -> tuple[Flask, io.StringIO]:
        made, stream = make_app(**settings), io.StringIO()
        [handler] = [handler for handler in root.handlers if isinstance(handler, logs._Handler)]
        handler.setStream(stream)
        return made, stream

    yield make
    for handler in [handler for handler in root.handlers if isinstance(handler, logs._Handler)]:
        root.removeHandler(handler)
    for handler in former:
        root.addHandler(handler)
