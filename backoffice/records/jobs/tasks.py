"""What a kind of job does: how its chunks are carried out, told to the ledger by those who know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from backoffice.models import Job

SKIPPED, FAILED = "skipped", "failed"


@dataclass
class Tally:
    """What became of the keys of a chunk. `left` names those that were not done, with `skipped` or `failed` and why.

    `failed` counts those that failed and that the task itself has written down. With a `length` the job has turned out
    to be as long: keys beyond it there are none.
    Where it is `unfinished` a part of the work on these keys was done, and they come again.
    """

    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    length: int | None = None
    unfinished: bool = False
    left: dict[str, tuple[str, str]] = field(default_factory=dict)

    def leave(self, key: str, outcome: str, reason: str) -> None:
        """Note why a key was not done."""
        self.left[key] = (outcome, reason[:300])

    def count(self, outcome: str) -> int:
        """How many keys were left so."""
        told = self.failed if outcome == FAILED else 0
        return told + sum(1 for kept, _reason in self.left.values() if kept == outcome)


class Task(Protocol):
    """One job's work. A chunk is carried out inside the transaction that moves the job on.

    What it raises rolls the chunk back: a passing fault is tried again, a refusal is looked for record by record.
    """

    @property
    def first(self) -> int:
        """Keys to begin with."""
        ...

    @property
    def most(self) -> int:
        """Keys at a time at the very most."""
        ...

    def run(self, keys: Sequence[str], start: int) -> Tally:
        """Work on these keys, which stand in the job from `start` on."""
        ...


Opener = Callable[[Job], AbstractContextManager[Task]]
_openers: dict[str, Opener] = {}


def handle(kind: str, opener: Opener) -> None:
    """From now on jobs of this kind are worked on by what `opener` gives for each chunk.

    It raises NotAllowed where whoever asked for the job may not do it any more.
    """
    _openers[kind] = opener


def opener_of(job: Job) -> Opener:
    """How chunks of this job are worked on."""
    return _openers[job.kind]


def known_kinds() -> list[str]:
    """The kinds of jobs that are handled here; a worker of an older version may meet others."""
    return sorted(_openers)
