"""Errors to Sentry, where SENTRY_DSN is set: what the log has at ERROR, and nothing of who asked for what.

No integration looks at requests, so bodies, cookies, headers, query strings and people never get there; what a report
holds is put together anew from what is known to be harmless.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from backoffice.config import Settings
from backoffice.errors import ConfigurationError
from backoffice.log_formats import DRIVERS, scrubbed
from backoffice.logs import request_id
from backoffice.operations.release import version
from backoffice.records.jobs.current import job_id

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

KEPT = ("event_id", "timestamp", "level", "logger", "platform", "release", "environment")
KEPT_OF_EXCEPTION = ("type", "module", "mechanism", "stacktrace")
KEPT_OF_FRAME = ("filename", "function", "module", "lineno", "in_app", "pre_context", "context_line", "post_context")
# Their texts hold statements and values: the log has their codes.
WITHHELD = ("sqlalchemy", *DRIVERS)


def init_app(settings: Settings) -> None:
    """Send errors from now on; a ConfigurationError where that cannot be done."""
    if not settings.sentry_dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.atexit import AtexitIntegration
        from sentry_sdk.integrations.logging import EventHandler
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise ConfigurationError(
            "SENTRY_DSN is set, but sentry-sdk is not installed. Unset it, or run: pip install sentry-sdk"
        ) from None
    try:
        sentry_sdk.init(
            dsn=settings.sentry_dsn,
            release=f"backoffice@{version()}",
            environment=settings.environment,
            default_integrations=False,
            auto_enabling_integrations=False,
            # What is under way when the process ends is still sent, without a word on standard error.
            integrations=[AtexitIntegration(callback=lambda _pending, _timeout: None)],
            include_local_variables=False,
            max_breadcrumbs=0,
            auto_session_tracking=False,
            before_send=stripped,
        )
    except BadDsn:
        raise ConfigurationError(
            "SENTRY_DSN is no address as Sentry gives one to each project: https://key@host/number. Copy it from there."
        ) from None
    root = logging.getLogger()
    for former in [former for former in root.handlers if isinstance(former, EventHandler)]:
        root.removeHandler(former)
    root.addHandler(EventHandler(level=logging.ERROR))


def stripped(event: Event, _hint: Hint) -> Event:
    """A report with nothing in it that is somebody's."""
    found: dict[str, Any] = {name: event[name] for name in KEPT if name in event}  # type: ignore[literal-required]
    found["tags"] = {"request": request_id(), "job": str(job_id() or "-")}
    if entry := event.get("logentry"):
        found["logentry"] = {"formatted": scrubbed(str(entry.get("formatted") or entry.get("message") or ""))}
    if raised := event.get("exception"):
        found["exception"] = {"values": [_exception(value) for value in raised.get("values", ())]}
    return found  # type: ignore[return-value]  # a part of an event is one


def _exception(raised: dict[str, Any]) -> dict[str, Any]:
    found = {name: raised[name] for name in KEPT_OF_EXCEPTION if name in raised}
    if frames := (raised.get("stacktrace") or {}).get("frames"):
        found["stacktrace"] = {"frames": [{n: f[n] for n in KEPT_OF_FRAME if n in f} for f in frames]}
    is_withheld = (raised.get("module") or "").split(".")[0] in WITHHELD
    found["value"] = "its text is withheld" if is_withheld else scrubbed(str(raised.get("value") or ""))
    return found
