"""Processes that serve: started, asked how much memory they hold, and ended."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.bench.client import Client, WrongAnswer
from tests.bench.contenders import Contender
from tests.bench.loading import FILES
from tests.documents import free_port


class Server:
    """One process of a contender, on a port of its own; a context that ends it."""

    def __init__(self, contender: Contender, url: str, path: str = "/", cookies: dict[str, str] | None = None) -> None:
        self.contender, self.url, self.path = contender, url, path
        self.client = Client(free_port(), dict(cookies or {}))
        # From the process's start to the first answer at `path`, and what that was answered with.
        self.seconds, self.status = 0.0, 0

    def __enter__(self) -> Server:
        FILES.mkdir(parents=True, exist_ok=True)
        self.log = FILES / f"{self.contender.key}-{self.client.port}.log"
        contender, port, started = self.contender, self.client.port, time.perf_counter()
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                contender.command(self.url, port), cwd=contender.folder, stdout=output, stderr=output,
                env=contender.environment(self.url, port), stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            self._wait(started)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self.log.unlink(missing_ok=True)

    def _wait(self, started: float) -> None:
        while time.perf_counter() - started < 120:
            if self.process.poll() is not None:
                break
            with suppress(ConnectionError):
                self.status = self.client.get(self.path).status
                self.seconds = time.perf_counter() - started
                return
            time.sleep(0.002)
        raise WrongAnswer(f"{self.contender.title} does not serve:\n{self.log.read_text()}")

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
