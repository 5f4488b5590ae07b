"""`flask ops backup` and `flask ops restore`, as an operator meets them on each database."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from backoffice.extensions import db
from backoffice.operations import dumps
from tests.databases import Databases, server

PASSWORD = "hunter2"


@pytest.fixture
def copied(app: Flask, databases: Databases, tmp_path: Path) -> Flask:
    """An application on a copy of the migrated SQLite database, which a test may replace."""
    with app.app_context(), closing(sqlite3.connect(tmp_path / "live.db")) as target:
        raw = db.engine.raw_connection()
        raw.driver_connection.backup(target)
        raw.close()
    return databases.make_app(f"sqlite:///{tmp_path / 'live.db'}", instance_path=tmp_path)


@pytest.mark.sqlite_only
def test_a_backup_is_restored_after_a_question(copied: Flask, tmp_path: Path) -> None:
    runner = copied.test_cli_runner()
    made = json.loads(runner.invoke(args=["ops", "backup", "--json"]).output)["file"]
    rename = sa.text("UPDATE role SET name = 'renamed' WHERE name = 'admin'")
    names = sa.text("SELECT name FROM role ORDER BY name")
    with copied.app_context(), db.engine.begin() as connection:
        connection.execute(rename)

    declined = runner.invoke(args=["ops", "restore", made], input="n\n")
    assert (declined.exit_code, "Aborted" in declined.output) == (1, True)
    with copied.app_context(), db.engine.connect() as connection:
        assert "renamed" in connection.scalars(names).all()

    restored = runner.invoke(args=["ops", "restore", made], input="y\n")
    assert restored.exit_code == 0, restored.output
    assert "What was there before: " in restored.output
    with copied.app_context(), db.engine.connect() as connection:
        assert connection.scalars(names).all() == ["admin", "editor", "viewer"]
    assert len(list((tmp_path / "backups").glob("*.db"))) == 2


@pytest.mark.sqlite_only
def test_a_restore_asks_nothing_with_yes_and_names_the_upgrade_that_is_due(copied: Flask, tmp_path: Path) -> None:
    runner, older = copied.test_cli_runner(), tmp_path / "older.db"
    assert runner.invoke(args=["ops", "backup", str(older)]).exit_code == 0
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0022'")
        connection.commit()
    restored = runner.invoke(args=["ops", "restore", str(older), "--yes"])
    assert restored.exit_code == 0, restored.output
    assert "flask db upgrade" in restored.output
    told = json.loads(runner.invoke(args=["ops", "restore", str(older), "--yes", "--json"]).output)
    assert told["revision"] == "0022"
    assert Path(told["before"]).is_file()


@pytest.mark.sqlite_only
def test_a_restore_beside_another_connection_ends_with_code_2(copied: Flask, tmp_path: Path) -> None:
    runner = copied.test_cli_runner()
    runner.invoke(args=["ops", "backup", str(tmp_path / "b.db")])
    with closing(sqlite3.connect(tmp_path / "live.db")) as other:
        other.execute("SELECT count(*) FROM role").fetchone()
        result = runner.invoke(args=["ops", "restore", str(tmp_path / "b.db"), "--yes"])
    assert (result.exit_code, "is in use" in result.output) == (2, True)


@pytest.mark.server_only
def test_what_is_printed_for_a_server_dumps_and_loads_its_database(
    backend: str, app: Flask, runner: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run as printed where the server's own programs are installed; elsewhere only read."""
    monkeypatch.chdir(tmp_path)
    backup = json.loads(runner.invoke(args=["ops", "backup", "out.dump", "--json"]).output)
    restore = json.loads(runner.invoke(args=["ops", "restore", "out.dump", "--json"]).output)
    commands = [backup[0]["text"], restore[0]["text"], restore[1]["text"]]
    printed = runner.invoke(args=["ops", "backup"]).output
    assert max(map(len, printed.splitlines())) <= 100
    assert "--single-transaction" in printed or "--format=custom" in printed
    if not all(shutil.which(shlex.split(command)[0]) for command in commands):
        return
    (tmp_path / dumps.OPTION_FILE).touch()
    with app.app_context():
        name = f"{db.engine.url.database}_restored"
    try:
        for command in commands:
            done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        engine = server(backend)
        with sa.create_engine(engine.url.set(database=name), poolclass=sa.NullPool).connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM role")) == 3
    finally:
        with server(backend).connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")


@pytest.mark.parametrize("product", ["mariadb", "mysql", "postgresql"])
@pytest.mark.parametrize("tell", [dumps.dumping, dumps.restoring])
def test_no_password_is_ever_printed(product: str, tell: Callable[..., list[dumps.Step]]) -> None:
    scheme = "postgresql" if product == "postgresql" else "mysql"
    url = sa.make_url(f"{scheme}://deploy:{PASSWORD}@db.example.com:4444/shop")
    told = "\n".join(f"{step.told} {step.text}" for step in tell(url, product, "a file"))
    assert PASSWORD not in told
    assert {"deploy", "db.example.com", "4444"} <= set(re.split(r"[^\w.]+", told))
    assert "a file'" in told, "quoted for the shell"


@pytest.mark.parametrize("tell", [dumps.dumping, dumps.restoring])
def test_a_password_behind_the_question_mark_is_not_printed_either(tell: Callable[..., list[dumps.Step]]) -> None:
    url = sa.make_url(f"postgresql://db.example.com/shop?user=deploy&password={PASSWORD}&sslpassword={PASSWORD}")
    told = "\n".join(f"{step.told} {step.text}" for step in tell(url, "postgresql", "a file"))
    assert PASSWORD not in told
    assert "user=deploy" in told


@pytest.mark.parametrize(
    ("product", "address", "options"),
    [
        ("mariadb", "mysql://u@h/d?ssl_ca=/ca.pem", ["--ssl-ca=/ca.pem", "--ssl-verify-server-cert"]),
        ("mysql", "mysql://u@h/d?ssl_ca=/ca.pem", ["--ssl-ca=/ca.pem", "--ssl-mode=VERIFY_IDENTITY"]),
        ("mysql", "mysql://u@/d?unix_socket=/run/my.sock", ["--socket=/run/my.sock", "--set-gtid-purged=OFF"]),
        ("postgresql", "postgresql://u@h/d?sslmode=verify-full", ["--dbname=postgresql://u@h/d?sslmode=verify-full"]),
        ("postgresql", "postgresql://u@/d?host=a:1&host=b", ["--dbname=postgresql://u@/d?host=a%2Cb&port=1%2C5432"]),
        ("postgresql", "postgresql://u@/d?host=%2Frun%2Fpg", ["--dbname=postgresql://u@/d?host=%2Frun%2Fpg"]),
    ],
)
def test_the_dump_is_encrypted_and_addressed_as_the_service_is(product: str, address: str, options: list[Any]) -> None:
    words = shlex.split(dumps.dumping(sa.make_url(address), product)[0].text)
    assert set(options) <= set(words)


@pytest.mark.sqlite_only
def test_a_database_in_memory_has_nothing_to_back_up(backend: str, databases: Databases, tmp_path: Path) -> None:
    app = databases.make_app("sqlite://", instance_path=tmp_path)
    result = app.test_cli_runner().invoke(args=["ops", "backup"])
    assert (result.exit_code, "in memory" in result.output) == (2, True)
