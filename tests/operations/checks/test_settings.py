"""What starts and should not serve people as it is: each wrong setting is found, and the right one is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.config import Settings
from backoffice.operations.checks import CHECKS, Finding, Installation
from tests.operations.checks.conftest import SECRETS

PRODUCTION = Settings(
    environment="production", trusted_hosts=("admin.example.com",), proxies=1, secure_cookies=True, **SECRETS
)  # type: ignore[arg-type]


def look(name: str, settings: Settings, *, debug: bool = False) -> list[Finding]:
    """What a check of the settings says; none of them asks the database."""
    [check] = [check for check in CHECKS if check.name == name]
    return list(check.look(Installation(settings, sa.create_engine("sqlite://"), debug=debug)))


@pytest.mark.parametrize("name", ["environment", "secrets", "hosts", "cookies", "proxy"])
@pytest.mark.parametrize("settings", [PRODUCTION, Settings(**SECRETS)], ids=["production", "development"])  # type: ignore[arg-type]
def test_settings_as_the_documents_have_them_are_in_order(name: str, settings: Settings) -> None:
    assert [finding.status for finding in look(name, settings)] == ["ok"]


@pytest.mark.parametrize(
    ("name", "changes", "status", "told"),
    [
        ("environment", {"environment": "development", "host": "192.0.2.1"}, "warn", "serves other machines"),
        ("secrets", {"secret_key": SECRETS["password_salt"]}, "fail", "are the same"),
        ("secrets", {"secret_key": "abab" * 20}, "fail", "can be guessed"),
        ("secrets", {"password_salt": "0123456789abcdefgh"}, "warn", "18 characters"),
        ("hosts", {"trusted_hosts": ()}, "fail", "TRUSTED_HOSTS is empty"),
        ("cookies", {"secure_cookies": False}, "fail", "SECURE_COOKIES is off"),
        ("proxy", {"proxies": 0}, "warn", "PROXIES is 0"),
    ],
)
def test_a_wrong_setting_is_found_with_its_fix(name: str, changes: dict[str, Any], status: str, told: str) -> None:
    [finding] = look(name, replace(PRODUCTION, **changes))
    assert finding.status == status
    assert told in finding.told
    assert finding.fix


def test_the_debugger_does_not_serve_people() -> None:
    assert look("environment", PRODUCTION, debug=True)[0].status == "fail"


def test_a_secret_that_development_made_is_known_again(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(SECRETS["secret_key"])
    [finding] = look("secrets", replace(PRODUCTION, instance_path=tmp_path))
    assert "development made" in finding.told


def test_no_finding_holds_a_secret() -> None:
    weak = replace(PRODUCTION, secret_key="hunter2hunter2", password_salt="hunter2hunter3")
    assert "hunter2" not in str(look("secrets", weak))
