"""Which job is being worked on here and now, for the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_job: ContextVar[int | None] = ContextVar("backoffice.job", default=None)


def job_id() -> int | None:
    """The job that this thread works on; None outside of jobs."""
    return _job.get()


@contextmanager
def working_on(number: int) -> Iterator[None]:
    """While this lasts, whatever happens belongs to the job."""
    token = _job.set(number)
    try:
        yield
    finally:
        _job.reset(token)
