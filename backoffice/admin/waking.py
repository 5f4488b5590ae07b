"""Waking workers on other machines: a message through Redis that holds nothing but the number of a job.

What is to be done stands in the ledger. A message that gets lost, comes twice or wakes nobody costs a worker's next
look, two seconds at the most, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from flask import Flask

QUEUE = "backoffice-jobs"
BROKER, WAKE = "backoffice.jobs.broker", "backoffice.jobs.wake"
# A message that no worker took up by then is of no use: they have looked by themselves.
MESSAGE_MS = 10_000
_logger = logging.getLogger(__name__)


def wake_of(app: Flask) -> Event:
    """Set it, and a worker of this process looks at once."""
    event: Event = app.extensions.setdefault(WAKE, Event())
    return event


def wake(app: Flask, job_id: int) -> None:
    """Tell the workers that there is something to do: those of this process, and by Redis one of all others."""
    wake_of(app).set()
    actor = _actor(app)
    if actor is None:
        return
    try:
        actor.send_with_options(args=(job_id,), max_age=MESSAGE_MS)
    except Exception:
        _logger.warning("Redis could not be told of job %s; a worker finds it by looking", job_id)


@contextmanager
def listen(app: Flask) -> Iterator[None]:
    """While this lasts, every message that reaches this process sets the event."""
    actor = _actor(app)
    if actor is None:
        yield
        return
    from dramatiq import Worker

    listener = Worker(actor.broker, queues={QUEUE}, worker_threads=1, worker_timeout=100)
    listener.start()
    try:
        yield
    finally:
        listener.stop(timeout=2_000)


def _actor(app: Flask) -> Any:
    """The message's type on this application's broker; None where no Redis is set."""
    url = app.extensions["backoffice"].redis_url
    if not url:
        return None
    if BROKER not in app.extensions:
        # It takes its time to import, and most run without it.
        import dramatiq
        from dramatiq.brokers.redis import RedisBroker

        middleware = [dramatiq.middleware.AgeLimit()]
        broker = RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq's own lacks types
            url=url, middleware=middleware, socket_timeout=2
        )

        @dramatiq.actor(broker=broker, queue_name=QUEUE, actor_name="look")
        def look(_job_id: int) -> None:
            wake_of(app).set()

        app.extensions[BROKER] = look
    return app.extensions[BROKER]
