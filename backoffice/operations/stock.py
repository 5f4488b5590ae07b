"""What stands in the database when Prometheus asks: the revision of the schema, and jobs.

One more figure of this kind is one more function of READINGS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock, Thread
from time import monotonic

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backoffice.errors import BackofficeError
from backoffice.operations.readiness import schema
from backoffice.records.jobs.figures import per_state

# A database that is slow or away must hold neither the scrape nor the thread that answers it: Prometheus waits for
# ten seconds, and learns the most just then.
PATIENCE = 2.0
# Several servers that scrape, or a person who reloads, ask the database once.
SECONDS_KEPT = 5.0


def jobs(connection: sa.Connection) -> Iterable[Metric]:
    """How many jobs wait, run and have failed, and for how long the first one has waited."""
    figures = per_state(connection, PATIENCE)
    counted = GaugeMetricFamily("backoffice_jobs", "Jobs in the ledger.", labels=("state",))
    for state, figure in figures.items():
        counted.add_metric([state], figure.jobs)
    yield counted
    yield GaugeMetricFamily(
        "backoffice_job_waiting_seconds", "For how long the job that is next has waited for a worker.",
        value=figures["waiting"].seconds,
    )  # fmt: skip


def revision(connection: sa.Connection) -> Iterable[Metric]:
    """The revision that the database is at, the one that this version needs, and whether they go together."""
    found = schema(connection)
    told = GaugeMetricFamily(
        "backoffice_schema_info", "The revision of the database, and the one that is needed.",
        labels=("revision", "needs", "state"),
    )  # fmt: skip
    told.add_metric([found.database, found.needs, found.state.value], 1)
    yield told
    yield GaugeMetricFamily(
        "backoffice_schema_serves",
        "Whether this version can serve with the schema as it is.",
        value=float(found.serves),
    )


READINGS: tuple[Callable[[sa.Connection], Iterable[Metric]], ...] = (revision, jobs)


class Stock(Collector):
    """Asks the database in a thread beside the scrape, and waits for it no longer than PATIENCE."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._lock = Lock()
        self._thread: Thread | None = None
        self._asked_at = 0.0
        self._found: list[Metric] | None = None

    def collect(self) -> Iterable[Metric]:
        """What was found, and whether anything was."""
        found = self._present()
        yield GaugeMetricFamily(
            "backoffice_database_up", f"Whether the database answered within {PATIENCE:.0f} seconds.",
            value=float(found is not None),
        )  # fmt: skip
        yield from found or ()

    def _present(self) -> list[Metric] | None:
        with self._lock:
            thread = self._thread
            is_old = monotonic() - self._asked_at >= SECONDS_KEPT
            if thread is None or (is_old and not thread.is_alive()):
                self._asked_at = monotonic()
                thread = self._thread = Thread(target=self._read, name="metrics", daemon=True)
                thread.start()
        thread.join(PATIENCE)
        return None if thread.is_alive() else self._found

    def _read(self) -> None:
        found: list[Metric] = []
        # What cannot be read is missing: all of it where nothing answers, jobs where the schema has none yet.
        with suppress(sa.exc.SQLAlchemyError, BackofficeError), self.engine.connect() as connection:
            for reading in READINGS:
                found += reading(connection)
        self._found = found or None
