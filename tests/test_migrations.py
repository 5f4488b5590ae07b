"""The schema's history: one line of numbered steps. That each works in both directions: test_migrations_with_rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.config import ROOT
from backoffice.extensions import db
from backoffice.models import Role
from tests.databases import Databases

TABLES = {"user", "article", "info_user_collection", "role", "staff", "staff_roles", "sign_in_throttle", "search_index"}


@pytest.fixture
def empty_app(backend: str, databases: Databases) -> Flask:
    """The application on a database without a single table."""
    return databases.make_app(databases.create(backend))


@pytest.fixture
def flask_db(empty_app: Flask) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `flask db …` as an operator does: in a process of its own, which knows the product's models only."""
    settings = empty_app.extensions["backoffice"]
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "BACKOFFICE_INSTANCE": str(settings.instance_path),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flask", "db", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def tables(app: Flask) -> set[str]:
    """The tables of the application's database."""
    with app.app_context():
        return set(sa.inspect(db.engine).get_table_names())


def test_there_is_one_line_of_numbered_revisions() -> None:
    history = ScriptDirectory(str(ROOT / "migrations"))
    assert len(history.get_heads()) == 1
    numbers = [revision.revision for revision in history.walk_revisions()][::-1]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


def test_files_are_named_after_number_and_verb() -> None:
    names = sorted(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert names
    assert all(re.fullmatch(r"\d{4}_[a-z]+(_[a-z0-9]+)+\.py", name) for name in names)


def test_up_check_down_and_up_again(
    empty_app: Flask, flask_db: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert flask_db("upgrade").returncode == 0
    assert tables(empty_app) >= TABLES
    check = flask_db("check")
    assert check.returncode == 0, check.stderr
    down = flask_db("downgrade", "base")
    assert down.returncode == 0, down.stderr
    assert tables(empty_app) == {"alembic_version", "schema_journal"}
    assert flask_db("upgrade").returncode == 0
    assert tables(empty_app) >= TABLES


def test_address_is_added_and_dropped_in_place(empty_app: Flask) -> None:
    old_user = sa.table("user", *map(sa.column, ("id", "username", "email", "created_at", "updated_at")))
    user = sa.table("user", *map(sa.column, ("id", "username", "address")))
    moment = sa.literal_column("'2026-01-01 00:00:00'")
    rows = [{"id": n, "username": f"读者{n}", "email": f"{n}@example.com"} for n in range(1, 501)]
    with empty_app.app_context():
        flask_migrate.upgrade(revision="0003")
        with db.engine.begin() as connection:
            connection.execute(sa.insert(old_user).values(created_at=moment, updated_at=moment), rows)
            connection.exec_driver_sql(
                "INSERT INTO article (id, title, content, user_id, created_at, updated_at)"
                " VALUES (1, 't', '', 500, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            )

        flask_migrate.upgrade(revision="0004")
        with db.engine.begin() as connection:
            found = connection.execute(sa.select(user).order_by(user.c.id)).all()
            assert [tuple(row) for row in found] == [(row["id"], row["username"], None) for row in rows]
            connection.execute(sa.update(user).where(user.c.id == 7).values(address="桂花巷 7 号"))

        flask_migrate.downgrade(revision="0003")
        with db.engine.connect() as connection:
            columns = {column["name"] for column in sa.inspect(connection).get_columns("user")}
            assert "address" not in columns
            found = connection.execute(sa.select(old_user.c.id, old_user.c.username).order_by(old_user.c.id))
            assert [tuple(row) for row in found] == [(row["id"], row["username"]) for row in rows]
            # Rebuilding the table must not have fired ON DELETE of the tables that point to it.
            assert connection.exec_driver_sql("SELECT user_id FROM article").scalar() == 500


def test_the_first_roles_are_there(session: Session) -> None:
    roles = {role.name: set(role.permissions) for role in session.scalars(sa.select(Role))}
    assert roles["admin"] == {"*:*"}
    assert {"user:read", "article:*", "collection:*", "deleted:read"} == roles["editor"]
    assert all(":" in permission for permissions in roles.values() for permission in permissions)
    assert not any(p.endswith((":create", ":edit", ":delete", ":*")) for p in roles["viewer"])
