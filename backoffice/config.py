"""Settings, read from the environment here and nowhere else; each has its line in docs/configuration.md."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backoffice.database.address import engine_options, normalise_database_url, normalise_replica_url
from backoffice.database.replica import REPLICA
from backoffice.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("development", "demo", "staging", "production")
SHORTEST_SECRET = 16
TRUE_WORDS, FALSE_WORDS = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


@dataclass(frozen=True)
class Settings:
    """All that an operator may set. `environment` decides what is demanded: production needs its secrets given.

    What holds a secret stays out of `repr`, which ends up in tracebacks and logs.
    """

    environment: str = "development"
    database_url: str = field(default="", repr=False)
    database_replica_url: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    password_salt: str = field(default="", repr=False)
    instance_path: Path = ROOT / "instance"
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 8
    trusted_hosts: tuple[str, ...] = ()
    proxies: int = 0
    secure_cookies: bool = False
    session_hours: int = 12
    default_locale: str = "en"
    max_upload_mb: int = 16
    uploads_path: Path | None = None
    uploads_mb: int = 10
    backups_path: Path | None = None
    backups_kept: int = 14
    list_seconds: int = 5
    export_minutes: int = 60
    history_days: int = 0
    deleted_days: int = 30
    draft_days: int = 30
    job_days: int = 30
    jobs_at_once: int = 2
    job_lease_seconds: int = 30
    run_worker: bool = True
    upgrade_on_start: bool = True
    drain_seconds: int = 20
    drain_delay_seconds: int = 0
    redis_url: str = field(default="", repr=False)
    log_level: str = "INFO"
    log_format: str = "text"
    slow_statement_ms: int = 500
    metrics_token: str = field(default="", repr=False)
    sentry_dsn: str = field(default="", repr=False)
    testing: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check every setting; a ConfigurationError names the variable and the fix."""
        read = _Reader(os.environ if environ is None else environ)
        environment = read.choice("BACKOFFICE_ENV", ENVIRONMENTS, "development")
        instance_path = Path(read.text("BACKOFFICE_INSTANCE", str(ROOT / "instance"))).resolve()
        live = environment in ("production", "staging")
        return cls(
            environment=environment,
            instance_path=instance_path,
            database_url=read.text("DATABASE_URL", "")
            or _embedded_database(instance_path, refuse=environment == "production"),
            database_replica_url=read.text("DATABASE_REPLICA_URL", ""),
            secret_key=read.secret("SECRET_KEY", instance_path, required=live),
            password_salt=read.secret("SECURITY_PASSWORD_SALT", instance_path, required=live),
            host=read.text("HOST", "127.0.0.1"),
            port=read.integer("PORT", 8000, 1, 65535),
            threads=read.integer("THREADS", 8, 1, 256),
            trusted_hosts=tuple(h.strip() for h in read.text("TRUSTED_HOSTS", "").split(",") if h.strip()),
            proxies=read.integer("PROXIES", 0, 0, 10),
            secure_cookies=read.boolean("SECURE_COOKIES", live),
            session_hours=read.integer("SESSION_HOURS", 12, 1, 24 * 90),
            default_locale=read.choice("DEFAULT_LOCALE", ("en", "zh_Hans_CN"), "en"),
            max_upload_mb=read.integer("MAX_UPLOAD_MB", 16, 1, 1024),
            uploads_path=Path(read.text("UPLOADS_PATH", str(instance_path / "uploads"))).resolve(),
            uploads_mb=read.integer("UPLOADS_MB", 10, 1, 1024),
            backups_path=Path(read.text("BACKUPS_PATH", str(instance_path / "backups"))).resolve(),
            backups_kept=read.integer("BACKUPS_KEPT", 14, 1, 1000),
            list_seconds=read.integer("LIST_SECONDS", 5, 1, 300),
            export_minutes=read.integer("EXPORT_MINUTES", 60, 1, 1440),
            history_days=read.integer("HISTORY_DAYS", 0, 0, 36_500),
            deleted_days=read.integer("DELETED_DAYS", 30, 1, 3650),
            draft_days=read.integer("DRAFT_DAYS", 30, 1, 3650),
            job_days=read.integer("JOB_DAYS", 30, 1, 3650),
            jobs_at_once=read.integer("JOBS_AT_ONCE", 2, 1, 64),
            job_lease_seconds=read.integer("JOB_LEASE_SECONDS", 30, 1, 3600),
            run_worker=read.boolean("RUN_WORKER", True),
            upgrade_on_start=read.boolean("UPGRADE_ON_START", True),
            drain_seconds=read.integer("DRAIN_SECONDS", 20, 0, 3600),
            drain_delay_seconds=read.integer("DRAIN_DELAY_SECONDS", 0, 0, 600),
            redis_url=read.text("REDIS_URL", ""),
            log_level=read.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
            log_format=read.choice("LOG_FORMAT", ("text", "json"), "text"),
            slow_statement_ms=read.integer("SLOW_STATEMENT_MS", 500, 0, 3_600_000),
            metrics_token=read.token("METRICS_TOKEN", ""),
            sentry_dsn=read.text("SENTRY_DSN", ""),
        )

    @property
    def uploads(self) -> Path:
        """The folder of uploaded files; in the instance folder unless another is set."""
        return self.uploads_path or self.instance_path / "uploads"

    @property
    def backups(self) -> Path:
        """The folder of backups of an embedded database; in the instance folder unless another is set."""
        return self.backups_path or self.instance_path / "backups"

    @property
    def days_kept(self) -> dict[str, int]:
        """For how many days each kind of what is past is kept; 0 for good."""
        return {
            "history": self.history_days,
            "deleted": self.deleted_days,
            "drafts": self.draft_days,
            "jobs": self.job_days,
            # Files that were brought to be imported, once their jobs are forgotten.
            "imports": self.job_days,
        }

    @property
    def most_of_upload(self) -> int:
        """The largest file that is taken, in bytes: no form is larger, and so no file."""
        return min(self.uploads_mb, self.max_upload_mb) * 1024 * 1024

    def flask_config(self) -> dict[str, Any]:
        """The same, under the names Flask and its extensions read."""
        url = normalise_database_url(self.database_url)
        replica = normalise_replica_url(self.database_replica_url, url) if self.database_replica_url else ""
        megabytes = 1024 * 1024
        return {
            "SECRET_KEY": self.secret_key,
            "SECURITY_PASSWORD_SALT": self.password_salt,
            "SQLALCHEMY_DATABASE_URI": url,
            "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url, self.threads),
            "SQLALCHEMY_BINDS": {REPLICA: {"url": replica, **engine_options(replica, self.threads)}} if replica else {},
            "SQLALCHEMY_TRACK_MODIFICATIONS": False,
            "TRUSTED_HOSTS": list(self.trusted_hosts) or None,
            "MAX_CONTENT_LENGTH": self.max_upload_mb * megabytes,
            "MAX_FORM_MEMORY_SIZE": self.max_upload_mb * megabytes,
            "MAX_FORM_PARTS": 20_000,
            "SEND_FILE_MAX_AGE_DEFAULT": 31_536_000,
            "SESSION_COOKIE_SECURE": self.secure_cookies,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_NAME": "__Host-session" if self.secure_cookies else "session",
            "PERMANENT_SESSION_LIFETIME": self.session_hours * 3600,
            "TESTING": self.testing,
            "BABEL_DEFAULT_LOCALE": self.default_locale,
            **self.extra,
        }


class _Reader:
    """Reads one variable at a time and complains in a sentence that names it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ConfigurationError(f"{name} is {value!r}; it has to be one of: {', '.join(choices)}.")
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ConfigurationError(f"{name} is {value!r}; it has to be a whole number from {low} to {high}.")
        return int(value)

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value not in TRUE_WORDS + FALSE_WORDS:
            raise ConfigurationError(f"{name} is {value!r}; it has to be yes or no.")
        return value in TRUE_WORDS

    def token(self, name: str, default: str) -> str:
        """What opens a page to whoever knows it: nothing that could be guessed."""
        value = self.text(name, default)
        if value and (len(value) < SHORTEST_SECRET or not value.isascii() or not value.isprintable()):
            raise ConfigurationError(f"{name} has to be 16 or more random characters, all ASCII. {_HOW_TO_MAKE}")
        return value

    def secret(self, name: str, instance_path: Path, *, required: bool) -> str:
        """From the environment; on a developer's machine made once and kept in the instance folder."""
        value = self.text(name, "")
        if value and len(value) < SHORTEST_SECRET and required:
            raise ConfigurationError(f"{name} is too short: give at least 16 random characters. {_HOW_TO_MAKE}")
        if value:
            return value
        if required:
            raise ConfigurationError(
                f"{name} is not set, and this environment does not start without it. {_HOW_TO_MAKE}"
            )
        path = instance_path / name.lower()
        while not (kept := _kept(path)):
            _keep(path, secrets.token_urlsafe(48))
        return kept


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _keep(path: Path, secret: str) -> None:
    """Write it aside, readable by its owner alone, so that the name never stands for less than the whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        _name(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _name(aside: Path, path: Path) -> None:
    """Of several processes the first one's stays; all of them read it back."""
    if path.exists() and not _kept(path):
        path.unlink(missing_ok=True)
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return
    except OSError:
        # A file system without hard links, such as FAT.
        aside.replace(path)


_HOW_TO_MAKE = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'


def _embedded_database(instance_path: Path, *, refuse: bool) -> str:
    if refuse:
        raise ConfigurationError(
            "DATABASE_URL is not set, and production does not start without it. "
            "Set it, for example to mysql://user:password@host:3306/backoffice"
        )
    return f"sqlite:///{instance_path / 'backoffice.db'}"
