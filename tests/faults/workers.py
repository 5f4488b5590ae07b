"""Workers that tests start, stop, let go on and end: each is a process of tests.faults.work."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.faults.forks import Forked
from tests.faults.processes import ROOT, environment, wait_for
from tests.faults.work import Plan


class Worker:
    """A worker on a database, with a folder of its own; the further arguments are those of its Plan.

    It holds a job for `lease` seconds, and is of the checkout at `root`. As a context manager it is killed at the end,
    whatever became of it.
    """

    def __init__(
        self, address: str, folder: Path, *, root: Path = ROOT, lease: int = 1, at_once: int = 2, **plan: Any
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"JOB_LEASE_SECONDS": str(lease), "JOBS_AT_ONCE": str(at_once)}
        faults = Plan(str(folder), **plan).written()
        environ = environment(address, folder, FAULTS=faults, **settings)
        with (folder / "log").open("ab") as log:
            # Of another checkout nothing is loaded yet.
            opened: Any = Forked if root == ROOT else subprocess.Popen
            self.running = opened(
                [sys.executable, "-m", "tests.faults.work"],
                cwd=root, env=environ, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.send(signal.SIGKILL)
        self.running.wait()

    def told(self, what: str) -> list[str]:
        """Where it died, stopped or waited so far."""
        file = self.folder / what
        return file.read_text().splitlines() if file.exists() else []

    def has(self, what: str) -> None:
        """Wait until it has died, stopped or begun to wait."""
        wait_for(lambda: bool(self.told(what)) or self.running.poll() is not None)
        assert self.told(what), self.log

    def go(self) -> None:
        """Let it go on where it waits."""
        (self.folder / "go").touch()

    def send(self, how: int) -> None:
        """Give it and what started it a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, how)

    def end(self) -> int:
        """Ask it to end; its exit code."""
        self.send(signal.SIGTERM)
        return self.running.wait(30)

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text()
