"""Settings: what each is by default, what it takes, and what it says when it is wrong."""

from __future__ import annotations

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backoffice import create_app
from backoffice.config import Settings
from backoffice.errors import ConfigurationError

LIVE = {
    "BACKOFFICE_ENV": "production",
    "DATABASE_URL": "mysql://backoffice:hunter2@db.example.com/backoffice",
    "SECRET_KEY": "a long and secret key",
    "SECURITY_PASSWORD_SALT": "a long and secret salt",
}


def read(tmp_path: Path, **environ: str) -> Settings:
    """The settings of an environment that holds nothing but what is given."""
    return Settings.from_environment({"BACKOFFICE_INSTANCE": str(tmp_path), **environ})


@pytest.mark.parametrize(
    ("setting", "default"),
    [
        ("environment", "development"),
        ("host", "127.0.0.1"),
        ("port", 8000),
        ("threads", 8),
        ("trusted_hosts", ()),
        ("proxies", 0),
        ("secure_cookies", False),
        ("session_hours", 12),
        ("default_locale", "en"),
        ("max_upload_mb", 16),
        ("uploads_mb", 10),
        ("log_level", "INFO"),
        ("log_format", "text"),
        ("slow_statement_ms", 500),
        ("metrics_token", ""),
        ("sentry_dsn", ""),
    ],
)
def test_each_setting_has_its_default(tmp_path: Path, setting: str, default: Any) -> None:
    assert getattr(read(tmp_path), setting) == default


def test_the_embedded_database_is_in_the_instance_folder(tmp_path: Path) -> None:
    assert read(tmp_path).database_url == f"sqlite:///{tmp_path / 'backoffice.db'}"


def test_uploads_are_kept_in_the_instance_folder_and_are_never_larger_than_a_form(tmp_path: Path) -> None:
    assert read(tmp_path).uploads == Settings(instance_path=tmp_path).uploads == tmp_path / "uploads"
    assert read(tmp_path, UPLOADS_MB="64", MAX_UPLOAD_MB="2").most_of_upload == 2 * 1024**2


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("BACKOFFICE_ENV", "demo", "environment", "demo"),
        ("DATABASE_URL", "mysql://a@b/c", "database_url", "mysql://a@b/c"),
        ("SECRET_KEY", "short", "secret_key", "short"),
        ("SECURITY_PASSWORD_SALT", "short", "password_salt", "short"),
        ("HOST", "0.0.0.0", "host", "0.0.0.0"),  # noqa: S104 - read, not bound to
        ("PORT", "65535", "port", 65535),
        ("THREADS", "1", "threads", 1),
        ("TRUSTED_HOSTS", "a.example.com, b.example.com,", "trusted_hosts", ("a.example.com", "b.example.com")),
        ("PROXIES", "2", "proxies", 2),
        ("SECURE_COOKIES", "Yes", "secure_cookies", True),
        ("SECURE_COOKIES", "0", "secure_cookies", False),
        ("SESSION_HOURS", "48", "session_hours", 48),
        ("DEFAULT_LOCALE", "zh_Hans_CN", "default_locale", "zh_Hans_CN"),
        ("MAX_UPLOAD_MB", "1024", "max_upload_mb", 1024),
        ("UPLOADS_MB", "3", "uploads_mb", 3),
        ("UPLOADS_PATH", "/srv/up", "uploads_path", Path("/srv/up")),
        ("LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("LOG_FORMAT", "json", "log_format", "json"),
        ("SLOW_STATEMENT_MS", "0", "slow_statement_ms", 0),
        ("METRICS_TOKEN", "sixteen letters.", "metrics_token", "sixteen letters."),
        ("SENTRY_DSN", "https://key@a.example.com/1", "sentry_dsn", "https://key@a.example.com/1"),
        ("PORT", "", "port", 8000),
    ],
)
def test_each_setting_is_read(tmp_path: Path, variable: str, text: str, setting: str, value: Any) -> None:
    assert getattr(read(tmp_path, **{variable: text}), setting) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("BACKOFFICE_ENV", "live"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "８０００"),
        ("PORT", "-1"),
        ("PORT", "80.5"),
        ("THREADS", "0"),
        ("PROXIES", "11"),
        ("SECURE_COOKIES", "perhaps"),
        ("SESSION_HOURS", "0"),
        ("DEFAULT_LOCALE", "fr"),
        ("MAX_UPLOAD_MB", "1025"),
        ("LOG_LEVEL", "debug"),
        ("LOG_FORMAT", "xml"),
        ("SLOW_STATEMENT_MS", "0.5"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, variable: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(tmp_path, **{variable: text})
    assert refusal.value.message.startswith(f"{variable} is {text!r}; it has to be ")


@pytest.mark.parametrize("missing", ["DATABASE_URL", "SECRET_KEY", "SECURITY_PASSWORD_SALT"])
def test_production_refuses_to_start_without(tmp_path: Path, missing: str) -> None:
    environ = {name: value for name, value in LIVE.items() if name != missing}
    with pytest.raises(ConfigurationError, match=f"^{missing} is not set"):
        read(tmp_path, **environ)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("secret", ["SECRET_KEY", "SECURITY_PASSWORD_SALT"])
@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_live_environment_refuses_a_short_secret(tmp_path: Path, secret: str, environment: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{secret} is too short") as refusal:
        read(tmp_path, **{**LIVE, "BACKOFFICE_ENV": environment, secret: "hunter2"})
    assert "hunter2" not in refusal.value.message


@pytest.mark.parametrize("token", ["hunter2", "fünfzehn und mehr", "sixteen\nletters and more"])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(ConfigurationError, match="METRICS_TOKEN has to be 16") as refusal:
        read(tmp_path, METRICS_TOKEN=token)
    assert token not in refusal.value.message


def test_production_asks_for_secure_cookies(tmp_path: Path) -> None:
    settings = read(tmp_path, **LIVE)
    assert settings.secure_cookies
    assert settings.flask_config()["SESSION_COOKIE_NAME"] == "__Host-session"


def test_a_developers_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert first.secret_key != first.password_salt


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no file modes")
def test_a_kept_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    read(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_empty_secret_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    (tmp_path / "security_password_salt").write_text("\n")
    settings = read(tmp_path)
    assert len(settings.secret_key) >= 32
    assert len(settings.password_salt) >= 32
    assert read(tmp_path) == settings


def test_an_interrupted_start_leaves_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr("os.fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            read(tmp_path)
    assert not list(tmp_path.iterdir())
    assert len(read(tmp_path).secret_key) >= 32


def test_processes_that_start_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _number: read(tmp_path).secret_key, range(32)))
    assert len(set(found)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret_key", "security_password_salt"]


def test_a_secret_is_kept_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: Path) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert read(tmp_path).secret_key == read(tmp_path).secret_key
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret_key", "security_password_salt"]


def test_settings_show_no_secrets(tmp_path: Path) -> None:
    settings = replace(read(tmp_path, **LIVE), extra={"WORD": "hunter3"})
    shown = repr(settings)
    assert "production" in shown
    for secret in ("hunter2", "hunter3", LIVE["SECRET_KEY"], LIVE["SECURITY_PASSWORD_SALT"]):
        assert secret not in shown


def test_the_environment_is_read_when_nothing_else_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOFFICE_INSTANCE", str(tmp_path))
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    app = create_app()
    assert app.extensions["backoffice"].port == 8123
    assert app.instance_path == str(tmp_path)


def test_modification_tracking_is_off(tmp_path: Path) -> None:
    assert read(tmp_path).flask_config()["SQLALCHEMY_TRACK_MODIFICATIONS"] is False
