"""A server that is told to end, around an application that answers when the test lets it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from time import monotonic, sleep

import pytest

from backoffice.config import ROOT

# Only ever waited for when something hangs.
PATIENCE = 60
PROGRAM = """
import logging, sys
from waitress.server import create_server
from backoffice.operations import draining
from backoffice.operations.serving import serve

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        print("in hand", flush=True)
        sys.stdin.readline()
    if environ["PATH_INFO"] == "/ready":
        start_response("503 Draining" if draining.is_draining() else "200 OK", [("Content-Length", "0")])
        return [b""]
    start_response("200 OK", [])
    return [b"x" * 3_000_000, b"the end"]

server = create_server(app, host=sys.argv[3], port=0, threads=2)
sockets = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
print("port", sockets[0][1], flush=True)
serve(server, delay=int(sys.argv[1]), seconds=int(sys.argv[2]))
server.close()
print("ended", flush=True)
"""


class Server:
    """The program above, in a process of its own."""

    def __init__(self, delay: int, seconds: int, host: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(delay), str(seconds), host],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said: list[str] = []
        self.port = int(self.until("port ").split()[1])

    def until(self, words: str) -> str:
        """Its output up to a line with these words; that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}: {self.said}")

    def ask(self, path: str) -> HTTPConnection:
        """A request that is on its way."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        return connection

    def let_go_on(self) -> None:
        """Let one slow request be answered."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def wait_until_refused(self) -> None:
        """Until nobody listens any more."""
        until = monotonic() + PATIENCE
        while monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
            except ConnectionRefusedError:
                return
            sleep(0.02)
        raise AssertionError("it goes on listening")


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server; whatever still runs at the end is killed."""
    started: list[Server] = []

    def begin(delay: int = 0, seconds: int = PATIENCE, host: str = "127.0.0.1") -> Server:
        started.append(Server(delay, seconds, host))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.wait()
        for stream in (each.process.stdin, each.process.stdout):
            if stream is not None:
                stream.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_is_in_hand_is_answered_in_full_and_nothing_new_is_taken(serve: Callable[..., Server], host: str) -> None:
    server = serve(host=host)
    with closing(server.ask("/slow")) as slow, closing(server.ask("/ready")) as idle:
        assert idle.getresponse().status == 200
        server.until("in hand")
        server.process.send_signal(signal.SIGTERM)
        server.wait_until_refused()
        assert server.process.poll() is None
        server.let_go_on()
        answer = slow.getresponse()
        assert (answer.status, answer.read()[-7:]) == (200, b"the end")
    assert server.process.wait(PATIENCE) == 0
    server.until("ended")


def test_for_its_delay_it_answers_and_says_that_it_is_not_ready(serve: Callable[..., Server]) -> None:
    server = serve(delay=1, seconds=0)
    with closing(server.ask("/slow")):
        server.until("in hand")
        server.process.send_signal(signal.SIGTERM)
        server.until("Told to end")
        with closing(server.ask("/ready")) as asked:
            assert asked.getresponse().status == 503
        assert server.process.wait(PATIENCE) == 0
    server.until("1 requests took longer than DRAIN_SECONDS and were cut off.")


def test_a_second_signal_ends_it_at_once(serve: Callable[..., Server]) -> None:
    server = serve()
    with closing(server.ask("/slow")):
        server.until("in hand")
        server.process.send_signal(signal.SIGINT)
        server.until("Told to end")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == -signal.SIGTERM


def test_those_who_had_asked_before_it_was_told_are_answered(serve: Callable[..., Server]) -> None:
    server = serve()
    with closing(server.ask("/ready")) as first:
        assert first.getresponse().status == 200
    # Stopped, it accepts nobody: the system keeps them waiting at the door.
    server.process.send_signal(signal.SIGSTOP)
    waiting = [server.ask("/ready") for _each in range(5)]
    server.process.send_signal(signal.SIGTERM)
    server.process.send_signal(signal.SIGCONT)
    for connection in waiting:
        with closing(connection):
            assert connection.getresponse().status == 503
    assert server.process.wait(PATIENCE) == 0
