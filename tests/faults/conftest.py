"""What the tests of faults share."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.faults import counting


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that a database's own account can reach."""
    with tempfile.TemporaryDirectory(prefix="backoffice-") as name:
        os.chmod(name, stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)  # noqa: S103 - it is passed through, not read
        yield Path(name)


@pytest.fixture
def folder() -> Iterator[Path]:
    """The same for a test."""
    with open_folder() as made:
        yield made


@pytest.fixture
def address(app: Flask) -> str:
    """The database's address, for processes beside this one."""
    return str(app.extensions["backoffice"].database_url)


@pytest.fixture
def counted(session: Session) -> Iterator[Session]:
    """A session; the table of rows to be counted goes with the test."""
    yield session
    counting.empty(session)
