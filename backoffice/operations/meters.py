"""What this process counts for Prometheus. Nothing here names a person, a record, an address or a value.

Every label has few values, all of them of ours: a request counts under the name of its route, never under its path.
"""

from __future__ import annotations

from typing import Any

import prometheus_client
import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Counter, Histogram, Info, generate_latest
from sqlalchemy.orm.exc import StaleDataError

from backoffice import signals
from backoffice.database.faults import fault
from backoffice.operations.stock import Stock

SECONDS_OF_REQUESTS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SECONDS_OF_STATEMENTS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
# Anybody may send a method that does not exist, and each would be one more label for good.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# A moment of creation beside every counter would double what is told, and nothing here reads it.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types all but this


class Meters:
    """The counters of one application, in a registry of their own; signals move them for as long as this is kept."""

    def __init__(self, engine: sa.Engine, about: dict[str, str]) -> None:
        self.registry = CollectorRegistry()
        self._make_counters()
        Info("backoffice", "What runs here.", registry=self.registry).info(about)
        prometheus_client.ProcessCollector(registry=self.registry)
        prometheus_client.PlatformCollector(registry=self.registry)
        self.registry.register(Stock(engine))
        self._listen()

    def _make_counters(self) -> None:
        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(f"backoffice_{name}", words, labels, registry=self.registry)

        self.requests = counter("http_requests_total", "Requests answered.", "endpoint", "method", "status")
        self.saves = counter("saves_total", "Forms that were carried out; one that was sent twice counts twice.")
        self.conflicts = counter("conflicts_total", "Forms refused because others had changed the same meanwhile.")
        self.retries = counter("retries_total", "Units of work and chunks of jobs that were done again.", "reason")
        self.job_rows = counter("job_rows_total", "Rows that jobs of this process have dealt with.", "outcome")
        self.refused = counter("sign_ins_refused_total", "Sign-ins that were refused.", "reason")
        self.request_seconds = Histogram(
            "backoffice_http_request_duration_seconds", "Time until an answer began.", ("endpoint",),
            buckets=SECONDS_OF_REQUESTS, registry=self.registry,
        )  # fmt: skip
        self.statement_seconds = Histogram(
            "backoffice_statement_duration_seconds", "Time of the database's statements.",
            buckets=SECONDS_OF_STATEMENTS, registry=self.registry,
        )  # fmt: skip

    def _listen(self) -> None:
        # Held weakly: when an application goes, so does what it counts.
        signals.statement_done.connect(self._statement)
        signals.unit_retried.connect(self._retry)
        signals.chunk_done.connect(self._chunk)
        signals.form_saved.connect(self._save)
        signals.form_conflicted.connect(self._conflict)
        signals.sign_in_refused.connect(self._refusal)

    def told(self) -> tuple[bytes, int, dict[str, str]]:
        """All of it as the body, status and headers of an answer."""
        return generate_latest(self.registry), 200, {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}

    def request_done(self, endpoint: str | None, method: str, status: int, seconds: float) -> None:
        """Count an answer."""
        route = endpoint or "none"
        self.requests.labels(route, method if method in METHODS else "other", str(status)).inc()
        self.request_seconds.labels(route).observe(seconds)

    def _statement(self, _sender: Any, *, seconds: float) -> None:
        self.statement_seconds.observe(seconds)

    def _retry(self, _sender: Any, *, error: BaseException) -> None:
        self.retries.labels(_reason(error)).inc()

    def _chunk(self, _sender: Any, **rows: int) -> None:
        for outcome, count in rows.items():
            self.job_rows.labels(outcome).inc(count)

    def _save(self, _sender: Any) -> None:
        self.saves.inc()

    def _conflict(self, _sender: Any) -> None:
        self.conflicts.inc()

    def _refusal(self, _sender: Any, *, reason: str) -> None:
        self.refused.labels(reason).inc()


def _reason(error: BaseException) -> str:
    """Why something is done again, as one of a few words."""
    if isinstance(error, StaleDataError):
        return "stale"
    kind = fault(error) if isinstance(error, sa.exc.SQLAlchemyError) else None
    return kind.value if kind else "other"
