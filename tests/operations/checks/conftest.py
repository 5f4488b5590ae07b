"""Installations to look at: healthy ones, each a fresh copy that a test may harm."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask

from backoffice.access import accounts
from backoffice.config import Settings
from backoffice.extensions import db
from backoffice.operations import backups, checks
from backoffice.operations.checks import Finding, Installation
from tests.conftest import PASSWORD
from tests.databases import Databases

SECRETS = {"secret_key": "k" + "0123456789abcdefghijklmnopqrstuv", "password_salt": "0123456789abcdefghijklmnopqrstuv"}


@pytest.fixture(scope="session")
def template(databases: Databases) -> Path:
    """An SQLite database that nothing but the migrations has touched, with one account."""
    app = databases.make_app(databases.create("sqlite"))
    with app.app_context():
        flask_migrate.upgrade()
        accounts.create("you@example.com", "admin", PASSWORD)
        file = backups.database_file(db.engine.url)
        assert file is not None
        return backups.back_up_as(file, databases.folder / "template.db")


@pytest.fixture
def install(template: Path, databases: Databases, tmp_path: Path) -> Callable[..., Flask]:
    """`install(environment="production")` makes a healthy installation on a database of its own."""

    def make(**settings: Any) -> Flask:
        database = tmp_path / "instance" / "backoffice.db"
        database.parent.mkdir(exist_ok=True)
        shutil.copy(template, database)
        return databases.make_app(f"sqlite:///{database}", instance_path=database.parent, **SECRETS, **settings)

    return make


def look(app: Flask, name: str, **settings: Any) -> list[Finding]:
    """What one check finds in an application, as the runner tells it."""
    with app.app_context():
        given = Settings(**{**vars(app.extensions["backoffice"]), **settings})
        installation = Installation(given, db.engine, {"article": frozenset({"read", "publish"})})
        found = [findings for check, findings in checks.look(installation) if check.name == name]
    return found[0] if found else []


def only(app: Flask, name: str, **settings: Any) -> Finding:
    """The same where there is one finding."""
    [finding] = look(app, name, **settings)
    return finding
