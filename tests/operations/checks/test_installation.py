"""`flask ops check` on a healthy installation, and on ones that were harmed in one way each."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.extensions import db
from backoffice.models import Staff, utcnow
from backoffice.operations.checks import CHECKS, sqlite
from tests.databases import Databases
from tests.documents import ROOT
from tests.operations.checks.conftest import look, only

pytestmark = pytest.mark.sqlite_only
LIVE = {"environment": "production", "trusted_hosts": ("admin.example.com",), "proxies": 1, "secure_cookies": True}


@pytest.fixture
def healthy(install: Callable[..., Flask], backend: str) -> Flask:
    """In development."""
    return install()


def test_a_healthy_installation_ends_with_code_0(healthy: Flask) -> None:
    result = healthy.test_cli_runner().invoke(args=["ops", "check"])
    assert result.exit_code == 0, result.output
    assert re.search(r"^\d+ in order\.$", result.output, re.M)
    assert max(map(len, result.output.splitlines()[1:])) <= 100, "but for where the database is"


def test_the_screen_in_the_document_is_the_one_that_is_printed(install: Callable[..., Flask], tmp_path: Path) -> None:
    """Of production, just installed, before its first backup: it shows one finding of each kind."""
    app = install(**{**LIVE, "proxies": 0})
    (tmp_path / "instance" / "backoffice.db").chmod(0o600)
    printed = app.test_cli_runner().invoke(args=["ops", "check"])
    assert printed.exit_code == 2
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```text\n(Backoffice \(production\).*?)^```$", text, re.M | re.S)
    assert normalised(shown) == normalised(printed.output.replace(str(tmp_path / "instance"), "/var/lib/backoffice"))


def normalised(screen: str) -> list[str]:
    """Its lines, without what differs from machine to machine: versions, revisions and sizes."""
    screen = re.sub(r"SQLite [\d.]+", "SQLite N", screen)
    screen = re.sub(r"\d{4}, the newest", "N, the newest", screen)
    screen = re.sub(r"[\d,]+ GB", "N GB", screen)
    return screen.splitlines()


def test_json_says_the_same_for_programs(healthy: Flask) -> None:
    result = healthy.test_cli_runner().invoke(args=["ops", "check", "--json"])
    told = json.loads(result.stdout)
    assert (told["status"], result.exit_code) == ("ok", 0)
    assert {finding["check"] for finding in told["findings"]} <= {check.name for check in CHECKS}
    assert all(finding["told"] for finding in told["findings"])


def test_something_to_look_at_ends_with_code_1(healthy: Flask) -> None:
    change(healthy, "UPDATE role SET permissions = 'artcle:read' WHERE name = 'viewer'")
    result = healthy.test_cli_runner().invoke(args=["ops", "check"])
    assert (result.exit_code, "viewer: artcle:read" in result.output) == (1, True)


def test_a_database_that_is_away_is_one_finding_and_the_rest_goes_on(databases: Databases, backend: str) -> None:
    app = databases.make_app("postgresql://nobody:hunter2@127.0.0.1:1/none", secret_key="a" * 40)
    result = app.test_cli_runner().invoke(args=["ops", "check", "--json"])
    told = json.loads(result.stdout)["findings"]
    assert result.exit_code == 2
    assert [f["told"] for f in told if f["status"] == "fail" and f["section"] != "Settings"] == [
        "The database does not answer."
    ]
    assert {f["check"] for f in told if f["status"] == "skipped"} >= {"session", "revision", "jobs", "accounts"}
    assert "disk" in {f["check"] for f in told if f["status"] == "ok"}
    assert "hunter2" not in result.output


def test_a_check_that_breaks_is_a_finding_and_the_rest_goes_on(healthy: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite.backups, "kept", lambda _folder: 1 / 0)
    finding = only(healthy, "last backup", environment="production")
    assert (finding.status, "ZeroDivisionError" in finding.told) == ("warn", True)
    assert only(healthy, "disk").status == "ok"


# -- the database ------------------------------------------------------------------------------------------------------


def test_a_damaged_file_is_found(healthy: Flask, tmp_path: Path) -> None:
    change(healthy, "CREATE TABLE filler AS SELECT zeroblob(4000) AS x FROM audit_chain, role, role AS r")
    change(healthy, "PRAGMA wal_checkpoint(TRUNCATE)")
    with healthy.app_context():
        [page] = db.session.scalars(sa.text("SELECT rootpage FROM sqlite_master WHERE name = 'filler'"))
        db.session.remove()
        db.engine.dispose()
    with (tmp_path / "instance" / "backoffice.db").open("rb+") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    assert (only(healthy, "integrity").status, only(healthy, "integrity").command) == ("fail", "flask ops restore FILE")


def test_rows_that_point_nowhere_are_found(healthy: Flask, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "instance" / "backoffice.db")) as past_the_product:
        past_the_product.execute("INSERT INTO staff_roles (staff_id, role_id) VALUES (77, 1)")
        past_the_product.commit()
    assert "1 rows point to rows that are not there" in only(healthy, "integrity").told


def test_a_network_file_system_is_found(healthy: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} nfs4 rw 0 0\n")
    monkeypatch.setattr(sqlite, "MOUNTS", mounts)
    assert "nfs4" in only(healthy, "place").told


def test_production_wants_a_backup_of_these_days(healthy: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "instance" / "backups"
    assert only(healthy, "last backup").status == "ok"
    assert only(healthy, "last backup", environment="production").command == "flask ops backup"
    made = json.loads(healthy.test_cli_runner().invoke(args=["ops", "backup", "--json"]).stdout)["file"]
    assert only(healthy, "last backup", environment="production").status == "ok"
    long_ago = (utcnow() - timedelta(days=9)).timestamp()
    os.utime(folder / made, (long_ago, long_ago))
    assert "9 days old" in only(healthy, "last backup", environment="production").told


# -- people and files --------------------------------------------------------------------------------------------------


def test_an_installation_without_anybody_who_may_do_everything_is_found(healthy: Flask) -> None:
    change(healthy, "UPDATE staff SET active = 0")
    assert only(healthy, "accounts").told == "Nobody can sign in."
    assert only(healthy, "accounts", environment="production").status == "fail"


def test_accounts_left_lying_are_found(healthy: Flask) -> None:
    with healthy.app_context():
        [person] = db.session.scalars(sa.select(Staff))
        person.must_change_password, person.created_at = True, utcnow() - timedelta(days=8)
        db.session.commit()
    assert "never replaced a one-time password" in only(healthy, "accounts").told
    change(healthy, "UPDATE staff SET email = 'admin@example.com'")
    [_unused, first] = look(healthy, "accounts", environment="production")
    assert first.command == "flask staff disable admin@example.com"
    change(healthy, "DELETE FROM staff_roles")
    assert [f.told for f in look(healthy, "accounts")][:2] == [
        "Nobody who can sign in may do everything.", "admin@example.com may do nothing: no role."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("permission", "status"),
    [("article:publish", "ok"), ("*:read", "ok"), ("article:*", "ok"), ("*:*", "ok"),
     ("artcle:read", "warn"), ("article:plublish", "warn"), ("*:plublish", "warn"), ("article", "warn")],
)  # fmt: skip
def test_permissions_that_mean_nothing_are_found(healthy: Flask, permission: str, status: str) -> None:
    change(healthy, "UPDATE role SET permissions = :permission", permission=permission)
    assert only(healthy, "permissions").status == status


def test_secrets_that_others_can_read_are_found(healthy: Flask, tmp_path: Path) -> None:
    secret = tmp_path / "instance" / "secret_key"
    secret.write_text("x")
    secret.chmod(0o640)
    finding = only(healthy, "secret files")
    assert (finding.status, finding.command) == ("fail", f"chmod 600 {secret}")
    secret.chmod(0o600)
    (tmp_path / "instance" / "backoffice.db").chmod(0o644)
    assert only(healthy, "secret files", environment="production").status == "warn"


def test_a_folder_that_everybody_can_write_is_found(healthy: Flask, tmp_path: Path) -> None:
    (tmp_path / "instance" / "uploads").chmod(0o777)
    assert only(healthy, "folders").command == f"chmod o-w {tmp_path / 'instance' / 'uploads'}"


@pytest.mark.parametrize(("free", "status"), [(10 * 1024**3, "ok"), (10**9, "warn"), (10**7, "fail")])
def test_a_disk_that_fills_up_is_found(healthy: Flask, free: int, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        pass

    usage = Usage()
    usage.free = free  # type: ignore[attr-defined]
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    assert {finding.status for finding in look(healthy, "disk")} == {status}


def test_a_redis_that_is_away_is_found(healthy: Flask) -> None:
    assert only(healthy, "redis", redis_url="redis://:hunter2@127.0.0.1:1/0").status == "warn"
    assert only(healthy, "redis", redis_url="not an address").status == "warn"


def change(app: Flask, statement: str, **values: object) -> None:
    """Do something to the database past the product."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(statement), values)
