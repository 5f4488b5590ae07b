"""Processes that serve or work: started, asked how much memory they hold, and ended."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.bench.client import Client, WrongAnswer
from tests.bench.contenders import Contender
from tests.bench.loading import FILES
from tests.bench.product import Product
from tests.documents import free_port


class Process:
    """A process of our own: what it says goes into a file, and this context ends it."""

    # What it is called where it fails.
    title = ""
    process: subprocess.Popen[bytes]

    def begin(self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start it; its words go into a file that is called `name`."""
        FILES.mkdir(parents=True, exist_ok=True)
        self.log = FILES / f"{name}.log"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=output, stderr=output, env=environment, stdin=subprocess.DEVNULL
            )

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self.log.unlink(missing_ok=True)

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self.process.poll() is not None

    def stop(self) -> None:
        """End it, by its id."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def memory(self) -> int | None:
        """Bytes that it holds now; None where the system does not tell (Linux does)."""
        return self._status("VmRSS")

    def cpu(self) -> float | None:
        """Seconds of a processor that its threads have had; None where the system does not tell."""
        with suppress(OSError):
            threads = Path(f"/proc/{self.process.pid}/task").iterdir()
            return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
        return None

    def forget_peak(self) -> None:
        """Begin to look for the highest memory anew."""
        with suppress(OSError):
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak(self) -> int | None:
        """The most that it has held since."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int | None:
        with suppress(OSError):
            text = Path(f"/proc/{self.process.pid}/status").read_text()
            if found := re.search(rf"{name}:\s+(\d+) kB", text):
                return int(found[1]) * 1024
        return None


class Server(Process):
    """One process of a contender, on a port of its own."""

    def __init__(
        self, contender: Contender, url: str, path: str = "/", cookies: dict[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.contender, self.url, self.path, self.title = contender, url, path, contender.title
        self.client, self.more = Client(free_port(), dict(cookies or {})), dict(more or {})
        # From the process's start to the first answer at `path`, and what that was answered with.
        self.seconds, self.status = 0.0, 0

    def __enter__(self) -> Self:
        contender, port, started = self.contender, self.client.port, time.perf_counter()
        environment = {**contender.environment(self.url, port), **self.more}
        self.begin(f"{contender.key}-{port}", contender.command(self.url, port), contender.folder, environment)
        try:
            self._wait(started)
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self, started: float) -> None:
        while time.perf_counter() - started < 120:
            if self.ended:
                break
            with suppress(ConnectionError):
                self.status = self.client.get(self.path).status
                self.seconds = time.perf_counter() - started
                return
            time.sleep(0.002)
        raise WrongAnswer(f"{self.title} does not serve:\n{self.log.read_text()}")


class Worker(Process):
    """`flask jobs work`, as operators start it beside the servers."""

    title = "flask jobs work"

    def __init__(self, product: Product, more: Mapping[str, str] | None = None) -> None:
        self.product, self.more = product, dict(more or {})

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "flask", "jobs", "work"]
        self.begin(f"worker-{free_port()}", command, self.product.folder, self.product.environment(**self.more))
        return self


class Redis(Process):
    """A Redis of the benchmark's own, which keeps nothing; `installed` says whether there is one to start."""

    title = "redis-server"
    installed = shutil.which("redis-server") is not None

    def __enter__(self) -> Self:
        self.port = free_port()
        only_here = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.begin(f"redis-{self.port}", ["redis-server", "--port", str(self.port), *only_here], FILES, os.environ)
        while not self.ended:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            time.sleep(0.01)
        raise WrongAnswer(f"{self.title} does not start:\n{self.log.read_text()}")

    @property
    def url(self) -> str:
        """As REDIS_URL takes it."""
        return f"redis://127.0.0.1:{self.port}/0"
