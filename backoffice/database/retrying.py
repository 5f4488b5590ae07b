"""A transaction that is done again as a whole where something passing was in its way."""

from __future__ import annotations

from collections.abc import Callable
from random import uniform
from time import monotonic, sleep
from typing import TypeVar

import sqlalchemy as sa

from backoffice.database.faults import is_passing

Answer = TypeVar("Answer")
# A person waits for all tries together.
SECONDS = 15.0
LONGEST_PAUSE = 1.0


def in_transaction(engine: sa.Engine, work: Callable[[sa.Connection], Answer]) -> Answer:
    """Do the work on a connection of its own and commit it. It may run more than once, and so be carried out twice
    where a connection broke at its COMMIT."""
    started, tries = monotonic(), 0
    while True:
        tries += 1
        try:
            with engine.begin() as connection:
                return work(connection)
        except sa.exc.SQLAlchemyError as error:
            if not is_passing(error) or monotonic() - started > SECONDS:
                raise
        pause(tries)


def pause(tries: int) -> None:
    """Between two tries, and longer each time: those who met each other should not meet again."""
    sleep(uniform(0.2, 1.0) * min(LONGEST_PAUSE, 0.02 * 2**tries))  # noqa: S311 - no secret depends on it
