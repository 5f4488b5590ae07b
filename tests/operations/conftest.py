"""What the application writes to standard error, whatever it is told to."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

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


@pytest.fixture
def nothing_stands(app: Flask) -> Iterator[None]:
    """The application is the next test's as well, and remembers for two seconds."""
    app.extensions.pop("backoffice.notices", None)
    yield
    app.extensions.pop("backoffice.notices", None)


@pytest.fixture
def flask(runner: FlaskCliRunner) -> Callable[..., str]:
    """Run `flask …` and give what it says."""

    def run(*words: str, code: int = 0) -> str:
        answer = runner.invoke(args=list(words))
        assert answer.exit_code == code, answer.output
        return answer.output

    return run
