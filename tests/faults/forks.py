"""Processes of the product that need no time to start: each is forked from one that has loaded all of it already.

What a process does is the same: nothing of an application is made before it has its own environment.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from time import sleep
from typing import IO, Any

# Loaded once, for all that are forked.
PRELOADED = ["tests.faults.serve", "tests.faults.work"]


class Forked:
    """What tests ask of a `subprocess.Popen([sys.executable, "-m", module, …])` in a group of its own."""

    def __init__(
        self, command: list[str], *, cwd: Path, env: dict[str, str], stdout: IO[bytes] | int, stderr: IO[bytes] | int,
        start_new_session: bool,
    ) -> None:  # fmt: skip
        assert start_new_session
        assert stdout is stderr or stdout == stderr
        log = os.devnull if stdout == subprocess.DEVNULL else stdout.name  # type: ignore[union-attr]  # a file
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        _python, _switch, module, *arguments = command
        told = (module, arguments, str(cwd), env, str(log))
        # A daemon is ended with the tests, should one have forgotten it.
        self.process = context.Process(target=_run, args=told, daemon=True)
        self.process.start()
        assert self.process.pid is not None
        self.pid: int = self.process.pid
        # From here on a signal to its group reaches it.
        while self.poll() is None and os.getpgid(self.pid) != self.pid:
            sleep(0.005)

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        self.process.join(0)
        return self.process.exitcode

    def wait(self, seconds: float | None = None) -> int:
        """Wait for its exit code."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("a forked process", seconds or 0)
        return self.process.exitcode


def _run(module: str, arguments: list[str], folder: str, environ: dict[str, str], log: str) -> Any:
    os.setsid()
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = [module, *arguments]
    import_module(module).main()
