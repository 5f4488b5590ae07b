"""So many at once of what takes long, and fewer of one person: everybody's pages keep threads and connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from threading import Lock

from flask import current_app

from backoffice.errors import BackofficeError


class NoTurn(BackofficeError):
    """All turns are taken; the message says by whom."""

    status = 503


class Turns:
    """`most` at once in this process, `each` of them for one person."""

    def __init__(self, most: int, each: int) -> None:
        self.most, self.each = most, min(most, each)
        self._held: Counter[Hashable] = Counter()
        self._lock = Lock()

    @classmethod
    def of(cls, what: str, *, most: int, each: int) -> Turns:
        """The application's turns for one kind of work: at most half of its threads."""
        threads: int = current_app.extensions["backoffice"].threads
        turns: Turns = current_app.extensions.setdefault(f"turns:{what}", cls(max(1, min(most, threads // 2)), each))
        return turns

    def take(self, person: Hashable, *, all_taken: str, own_taken: str) -> None:
        """Take one, to be given back; NoTurn with one of the two sentences where there is none."""
        with self._lock:
            if self._held[person] >= self.each:
                raise NoTurn(own_taken)
            if self._held.total() >= self.most:
                raise NoTurn(all_taken)
            self._held[person] += 1

    def give_back(self, person: Hashable) -> None:
        """Whoever waits may have it."""
        with self._lock:
            self._held[person] -= 1
            if not self._held[person]:
                del self._held[person]
