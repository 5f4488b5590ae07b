"""Checks of what goes on: jobs that nobody works on or that failed, the way to wake workers, the history's end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.clock import moment
from backoffice.models import Job
from backoffice.operations import notices
from backoffice.operations.checks.findings import Finding, Installation, check, database_check, fail, listed, ok, warn
from backoffice.records import chain

SECTION = "Work"
JOB: Any = Job.__table__
# By now a worker would have taken it up, were there one.
LEFT_SECONDS = 300
RECENT_SECONDS = 7 * 24 * 3600


@database_check(SECTION)
def jobs(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Somebody works on what is open, and nothing has met an error of the product."""
    left = sa.and_(JOB.c.state == "running", JOB.c.lease_until < moment(-LEFT_SECONDS))
    waits = sa.and_(JOB.c.state == "waiting", JOB.c.turn_at < moment(-LEFT_SECONDS))
    held = sa.and_(JOB.c.state == "running", JOB.c.lease_until >= moment())
    idle = [f"#{number}" for number in connection.scalars(sa.select(JOB.c.id).where(left | waits).order_by(JOB.c.id))]
    busy = connection.scalar(sa.select(sa.func.count()).select_from(JOB).where(held)) or 0
    failed = connection.scalars(
        sa.select(JOB.c.id)
        .where(JOB.c.state == "failed", JOB.c.finished_at > moment(-RECENT_SECONDS))
        .order_by(JOB.c.id.desc())
    ).all()
    waiting_for_operators = list(_held_back(connection))
    yield from waiting_for_operators
    # While others are worked on, those that wait have their turn to come.
    if idle and not busy and not waiting_for_operators:
        yield fail(
            f"Nobody works on {listed(idle)}.", "Start a worker, or serve with RUN_WORKER=yes.", "flask jobs work"
        )
    if failed:
        yield warn(f"{listed([f'#{number}' for number in failed])} failed this week: the log says why.",
                   "Once that is mended, let it go on.", f"flask jobs resume {failed[0]}")  # fmt: skip
    if not failed and not waiting_for_operators and (busy or not idle):
        yield ok(f"{busy} at work." if busy else "None is left lying.")


def _held_back(connection: sa.Connection) -> Iterator[Finding]:
    """What an operator has put on, and may have forgotten."""
    with Session(connection) as session:
        standing = notices.standing(session)
    if held := standing.get(notices.READ_ONLY):
        yield warn(f"Read-only mode is on since {held.at:%Y-%m-%d %H:%M} UTC: nobody can save, and jobs wait.",
                   "Once what it is for is over:", "flask ops read-only off")  # fmt: skip
    if held := standing.get(notices.JOBS):
        yield warn(f"All jobs are paused since {held.at:%Y-%m-%d %H:%M} UTC.",
                   "Once what that is for is over:", "flask jobs resume --all")  # fmt: skip


@check(SECTION)
def redis(installation: Installation) -> Iterator[Finding]:
    """Workers on other machines can be woken."""
    if not installation.settings.redis_url:
        yield ok("Not used: workers look every two seconds.")
        return
    # Imported where one is set: most run without.
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(installation.settings.redis_url, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except (RedisError, ValueError, OSError):
        yield warn("It does not answer: workers on other machines look every two seconds instead.",
                   "Start it, or correct REDIS_URL.")  # fmt: skip
    else:
        yield ok("Answers.")


@database_check(SECTION)
def history(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """The end of the chain is the newest entry; the whole is for `flask audit verify`."""
    with Session(connection) as session:
        whole = chain.ends_whole(session)
    if whole:
        yield ok("The newest entry is the one the chain ends with.")
    else:
        yield fail("The newest entry of the history is missing, or is not what was written.",
                   "Find out who changed it. Read all of it:", "flask audit verify")  # fmt: skip
