"""Does what a document says: writes its files and runs its commands, in order, in a copy of the repository.

A fence below a line that is only **`path`** is that file; a `diff` fence adds its + lines to it and takes out its
- lines. A `sh` fence holds commands, one a line. Every other fence is to be read.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(?P<kind>\S*)\n(?P<body>.*?)^```$", re.M | re.S)
FILE_NAME = re.compile(r"^\*\*`(?P<path>[^`]+)`\*\*$", re.M)
SERVING = re.compile(r"make run|.*\bpython run\.py")


@dataclass(frozen=True)
class Block:
    """A fence: its kind, the file it belongs to if any, its text and where it begins."""

    kind: str
    path: str
    body: str
    position: int


def blocks(document: Path) -> list[Block]:
    """The fences of a document, in order."""
    text = document.read_text(encoding="utf-8")
    found = []
    for fence in FENCE.finditer(text):
        names = list(FILE_NAME.finditer(text, 0, fence.start()))
        between = text[names[-1].end() : fence.start()] if names else "?"
        # Several diffs may follow one name.
        between = FENCE.sub("", between) if fence["kind"] == "diff" else between
        path = "" if between.strip() else names[-1]["path"]
        found.append(Block(fence["kind"], path, fence["body"], fence.start()))
    return found


def commands(document: Path) -> list[str]:
    """The commands of a document, in order."""
    lines = [line for block in blocks(document) if block.kind == "sh" for line in block.body.splitlines()]
    return [line for line in lines if line.strip()]


def copy_repository(target: Path) -> Path:
    """The files under version control and those about to be, without what this checkout made."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


class Reader:
    """Somebody who does what a document says, in `folder`, with the tests' own Python first on the path."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("FLASK", "BACKOFFICE", "PYTEST", "COV"))}
        for name in ("DATABASE_URL", "SECRET_KEY", "SECURITY_PASSWORD_SALT", "PORT", "VIRTUAL_ENV"):
            kept.pop(name, None)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**kept, "PATH": path, "LOG_LEVEL": "WARNING", **environment}

    def follow(self, document: Path, start: int = 0, end: int | None = None) -> None:
        """Do what stands between two positions of a document."""
        for block in blocks(document):
            if start <= block.position < (end or sys.maxsize):
                self.do(block)

    def do(self, block: Block) -> None:
        """Write the block's file, or run its commands."""
        if block.path:
            self.write(block)
        elif block.kind == "sh":
            for command in block.body.splitlines():
                self.run(command)

    def write(self, block: Block) -> None:
        """Make the file, or change it by a diff whose old lines must stand there exactly once."""
        file = self.folder / block.path
        if block.kind != "diff":
            file.write_text(block.body, encoding="utf-8")
            return
        lines = block.body.splitlines()
        old = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
        new = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{block.path} does not hold exactly once:\n{old}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, command: str) -> str:
        """Run a command to its end; a server until it answers."""
        if SERVING.fullmatch(command):
            return self.serve(command)
        code, said = self._run(command)
        assert code == 0, f"{command} ended with {code}:\n{said}"
        return said

    def fail(self, command: str) -> str:
        """What a command says that has to end with exit code 2."""
        code, said = self._run(command)
        assert code == 2, f"{command} ended with {code}:\n{said}"
        return said

    def _run(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def serve(self, command: str) -> str:
        """Start a server, wait until it is healthy, and stop it; what it said."""
        with self.served(command) as (_address, said):
            return said

    @contextmanager
    def served(self, command: str) -> Iterator[tuple[str, str]]:
        """A healthy server on a free port: its address and what it said. In the end all it started is stopped."""
        port = free_port()
        log = self.folder / "served.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                ["/bin/sh", "-c", command], cwd=self.folder, env={**self.environment, "PORT": str(port)},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            answered = wait_for(f"http://127.0.0.1:{port}/healthz", lambda: server.poll() is None)
            said = log.read_text(encoding="utf-8")
            assert answered, f"{command} did not serve:\n{said}"
            yield f"http://127.0.0.1:{port}", said
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)


def linked_environment(venv: Path) -> Path:
    """A virtual environment as `make` leaves it, made of links to the one that runs these tests."""
    venv.mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.suffix != ".stamp":
            (venv / part.name).symlink_to(part)
    for name in ("runtime.stamp", "dev.stamp"):
        (venv / name).touch()
    return venv


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(address: str, alive: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether the address answers 200 before the time is up or the server has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own server
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
