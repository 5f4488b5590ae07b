"""How `flask …` fails: one sentence, exit code 2, no traceback and no password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from backoffice.config import ROOT
from tests.databases import LABELS, SERVERS, why_absent


def flask(*args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `flask` as an operator does, with nothing but these settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(ROOT), "FLASK_APP": "backoffice", **settings}
    command = [sys.executable, "-m", "flask", *args]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def assert_one_sentence(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    for part in ("Error: ", *parts):
        assert part in lines[0]
    assert "hunter2" not in lines[0]


@pytest.fixture
def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("args", [("staff", "list"), ("db", "upgrade"), ("routes",), ("--help",), ("run",)])
def test_wrong_setting_stops_every_command(args, tmp_path):
    result = flask(*args, BACKOFFICE_ENV="production", BACKOFFICE_INSTANCE=str(tmp_path))
    assert_one_sentence(result, "DATABASE_URL is not set")


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "postgresql"])
@pytest.mark.parametrize("args", [("db", "upgrade"), ("staff", "list")])
def test_unreachable_server(scheme, args, free_port, tmp_path):
    url = f"{scheme}://root:hunter2@127.0.0.1:{free_port}/backoffice"
    result = flask(*args, DATABASE_URL=url, BACKOFFICE_INSTANCE=str(tmp_path))
    assert_one_sentence(result, f"127.0.0.1:{free_port}/backoffice cannot be reached", "Check DATABASE_URL")


def test_wrong_database_or_account(backend, tmp_path):
    if backend == "sqlite":
        url, part = "sqlite:////no/such/folder/backoffice.db", "cannot be reached"
    else:
        server = sa.make_url(SERVERS[backend])
        url = server.set(database="no_such_database").render_as_string(hide_password=False)
        part = "There is no database"
    result = flask("db", "upgrade", DATABASE_URL=url, BACKOFFICE_INSTANCE=str(tmp_path))
    assert_one_sentence(result, part)


@pytest.mark.parametrize("server", ["mysql", "postgresql"])
def test_refused_account(server, tmp_path):
    if reason := why_absent(server):
        pytest.skip(f"{LABELS[server]}: {reason}")
    url = sa.make_url(SERVERS[server]).set(username="no_such_account", password="hunter2", database="x")
    result = flask(
        "staff",
        "list",
        DATABASE_URL=url.render_as_string(hide_password=False),
        BACKOFFICE_INSTANCE=str(tmp_path),
    )
    assert_one_sentence(result, f"{server}://", "refuses the account")
    assert "no_such_account" not in result.stderr


def test_missing_schema_tells_to_upgrade(backend, databases, tmp_path):
    url = databases.create(backend)
    result = flask("staff", "list", DATABASE_URL=url, BACKOFFICE_INSTANCE=str(tmp_path))
    assert_one_sentence(result, "flask db upgrade")


def test_file_that_is_no_database(tmp_path: Path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    result = flask("db", "upgrade", DATABASE_URL=f"sqlite:///{path}", BACKOFFICE_INSTANCE=str(tmp_path))
    assert_one_sentence(result, "cannot be reached")


@pytest.mark.sqlite_only
def test_error_of_our_own_keeps_its_traceback(app, runner):
    @app.cli.command("broken")
    def broken() -> None:
        raise ZeroDivisionError("ours")

    try:
        result = runner.invoke(args=["broken"])
    finally:
        del app.cli.commands["broken"]
    assert isinstance(result.exception, ZeroDivisionError)
