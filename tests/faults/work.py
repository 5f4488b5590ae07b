"""`flask jobs work` in a process that dies, stops or waits where a test wants it to: `python -m tests.faults.work`.

FAULTS says where, as JSON of a Plan. A worker that killed itself is started again at once, as an operator's supervisor
would; one that ends in another way ends this process too.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.orm import Session

from backoffice import create_app
from backoffice.extensions import db
from backoffice.records.bulk.values import SetValues
from tests.faults import counting

# The points of a chunk, by the statement that is about to be sent or has just been.
BEFORE = {"moving": "UPDATE job SET position", "writing": "INSERT INTO audit_entry", "telling": "UPDATE audit_chain"}
POINTS = ("changing", *BEFORE, "committing", "committed")


@dataclass
class Plan:
    """What happens to a worker. `folder` is where it tells of it, and where a file `go` ends its waiting.

    `table` is the one whose rows are changed. `most` keys make a chunk, which takes `seconds` longer and is followed by
    a `pause`. With `dies_of` the worker is killed at one of so many chunks, by a choice that `seed` makes, at each
    point in turn. `at` names a chunk of the first worker, a point of it, and what happens there: `stop`, `wait`, `die`.
    """

    folder: str
    table: str = "counted"
    most: int = 100
    seconds: float = 0.0
    pause: float = 0.0
    dies_of: int = 0
    seed: int = 1
    at: list[Any] = field(default_factory=list)

    def written(self) -> str:
        """As the environment carries it."""
        return json.dumps(asdict(self))


class Faults:
    """Follows a worker's statements from chunk to chunk; `life` counts the workers that were killed before it."""

    def __init__(self, plan: Plan, life: int) -> None:
        self.plan, self.folder = plan, Path(plan.folder)
        self.chunk, self.inside = 0, False
        self.due: tuple[int, str, str] = (0, "", "")
        if plan.dies_of:
            chance = Random(f"{plan.seed} {life}")  # noqa: S311 - no secret depends on it
            self.due = chance.randint(1, 2 * plan.dies_of - 1), POINTS[life % len(POINTS)], "die"
        elif plan.at and not life:
            chunk, point, what = plan.at
            self.due = chunk, point, what

    def watch(self, engine: sa.Engine) -> None:
        """Be there from now on."""
        sa.event.listen(engine, "before_cursor_execute", self._executing)
        sa.event.listen(engine, "commit", lambda _connection: self._reached("committing"))
        sa.event.listen(Session, "after_commit", lambda _session: self._committed())

    def _executing(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statement = statement.replace("`", "")
        if statement.startswith(f"UPDATE {self.plan.table} "):
            self.chunk, self.inside = self.chunk + 1, True
            self._reached("changing")
        for point, beginning in BEFORE.items():
            if statement.startswith(beginning):
                self._reached(point)
                time.sleep(self.plan.seconds if self.inside and point == "moving" else 0)

    def _committed(self) -> None:
        self._reached("committed")
        time.sleep(self.plan.pause if self.inside else 0)
        self.inside = False

    def _reached(self, point: str) -> None:
        if not self.inside or (self.chunk, point) != self.due[:2]:
            return
        deeds: dict[str, Callable[[], None]] = {"die": self._die, "stop": self._stop, "wait": self._wait}
        with (self.folder / self.due[2]).open("a") as file:
            file.write(f"{point} of chunk {self.chunk}\n")
        deeds[self.due[2]]()

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _stop(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    def _wait(self) -> None:
        while not (self.folder / "go").exists():
            time.sleep(0.02)


def work(app: Flask, plan: Plan, life: int) -> None:
    """Be a worker to its end."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with app.app_context():
        Faults(plan, life).watch(db.engine)
    app.cli.main(args=["jobs", "work"], prog_name="flask", obj=ScriptInfo(create_app=lambda: app))


def main() -> None:
    """Start workers, one after another, as long as they are killed."""
    plan = Plan(**json.loads(os.environ["FAULTS"]))
    counting.handle()
    SetValues.first = SetValues.most = counting.CountUp.first = counting.CountUp.most = plan.most
    app = create_app()
    # It is the worker that is to end; this process then ends by itself.
    signal.signal(signal.SIGTERM, lambda *_signal: None)
    for life in count():
        child = os.fork()
        if child == 0:
            work(app, plan, life)
        _child, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
