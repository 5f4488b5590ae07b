"""Workers: take up a job, do a few of its chunks, let another have its turn, until told to stop.

A worker may be killed at any moment, and several may run on any number of machines: the ledger decides.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import uniform
from threading import Event, get_ident
from time import monotonic, sleep

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.faults import is_passing
from backoffice.records.jobs import ledger
from backoffice.records.jobs.chunks import Lost, Pace, run_chunk
from backoffice.records.jobs.current import working_on
from backoffice.records.jobs.ledger import Claim
from backoffice.records.units import Again
from backoffice.signals import unit_retried

# How long a job is worked on before another that waits has its turn.
SECONDS_OF_TURN = 2.0
# Looking for work when there is none: at once at first, then more and more seldom.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
# A fault that does not pass within this time ends the worker's turn; the job stays in the ledger.
PATIENCE = 60.0
# How often a worker looks whether something has to be done that nobody asks for.
SECONDS_OF_CHORES = 600.0
_logger = logging.getLogger(__name__)

Enter = Callable[[], AbstractContextManager[Session]]


def name() -> str:
    """What this worker is called in the ledger."""
    return f"{socket.gethostname()}:{os.getpid()}:{get_ident() % 10_000}"


class Worker:
    """Works jobs off. `enter` opens a session in the context that tasks need, a new one for each chunk.

    While `held` says so it takes up nothing, and gives back what it holds after the chunk in hand.
    """

    def __init__(
        self, enter: Enter, *, at_once: int, lease: int = ledger.LEASE_SECONDS, stop: Event | None = None,
        wake: Event | None = None, chores: Callable[[Session], None] = lambda _session: None,
        held: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.held = held
        self.enter, self.at_once, self.lease, self.chores = enter, at_once, lease, chores
        self.stop, self.wake = stop or Event(), wake or Event()
        self.name = name()

    def run(self) -> None:
        """Work until `stop` is set; what is in hand is finished to the end of its chunk."""
        pause, next_chores = SHORTEST_PAUSE, monotonic()
        while not self.stop.is_set():
            try:
                if monotonic() >= next_chores and not self.held():
                    next_chores = monotonic() + SECONDS_OF_CHORES
                    with self.enter() as session:
                        self.chores(session)
                worked = self.work_once()
            except (sa.exc.SQLAlchemyError, Again) as error:
                if not is_passing(error):
                    _logger.exception("looking for jobs failed")
                worked = False
            pause = SHORTEST_PAUSE if worked else min(LONGEST_PAUSE, pause * 1.5)
            if not worked and self.wake.wait(pause):
                self.wake.clear()
                pause = SHORTEST_PAUSE

    def work_once(self, only: int | None = None) -> bool:
        """Take up one job and give it a turn; False where there was none. `only` is worked on to its end."""
        if only is None and self.held():
            return False
        with self.enter() as session:
            claim = ledger.claim(session, self.name, at_once=self.at_once, only=only, lease=self.lease)
        if claim is None:
            return False
        with working_on(claim.id):
            self._turn(claim, to_its_end=only is not None)
        return True

    def _turn(self, claim: Claim, *, to_its_end: bool) -> None:
        until = monotonic() + (PATIENCE * 10 if to_its_end else SECONDS_OF_TURN)
        pace, patience, leaves = Pace(), monotonic() + PATIENCE, False
        while True:
            try:
                with self.enter() as session:
                    while self._goes_on(until) and (to_its_end or not self.held()):
                        if not run_chunk(session, claim, pace):
                            return
                        # Nothing that a chunk has read is of use to the next.
                        session.expunge_all()
                        patience = monotonic() + PATIENCE
                    ledger.give_back(session, claim)
                return
            except Lost:
                return
            except Exception as error:
                if not (is_passing(error) or isinstance(error, Again)):
                    self._fail(claim)
                    return
                if leaves or monotonic() > patience:
                    _logger.warning("job %s is left for later: %s", claim.id, type(error).__name__)
                    return
                leaves = self.stop.is_set()
                unit_retried.send(error=error)
                sleep(uniform(0.02, 0.3))  # noqa: S311 - no secret depends on it

    def _goes_on(self, until: float) -> bool:
        return not self.stop.is_set() and monotonic() < until

    def _fail(self, claim: Claim) -> None:
        """An error of ours: the log has it, the job says so and can go on once it is mended."""
        _logger.exception("job %s failed", claim.id)
        with self.enter() as session:
            ledger.end(session, claim, "failed")
