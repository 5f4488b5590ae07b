"""What is not a page: a file of all rows, as many requests as go, and starting."""

from __future__ import annotations

import csv
import http.client
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

import sqlalchemy as sa

from tests.bench.candidates.tables import Article
from tests.bench.client import Answer, WrongAnswer
from tests.bench.contenders import Contender
from tests.bench.measuring import Seat
from tests.bench.servers import Server

PROCESSES, CONNECTIONS = 2, 8
csv.field_size_limit(1 << 24)


@dataclass(frozen=True)
class Exported:
    """A file of all articles: until its first byte, until its last, and the most memory the server held meanwhile."""

    contender: str
    seconds: float
    first_byte: float
    bytes: int
    before: int | None
    peak: int | None


def export(seat: Seat) -> Exported:
    """Fetch the file, then look whether every article is in it, in order."""
    server = seat.server
    server.forget_peak()
    before = server.memory()
    with tempfile.TemporaryFile() as file:
        seconds, first_byte = _download(server, file)
        peak, size = server.peak(), file.tell()
        file.seek(0)
        _check_file(seat, file)
    return Exported(seat.contender.key, seconds, first_byte, size, before, peak)


def _download(server: Server, file: IO[bytes]) -> tuple[float, float]:
    started, first_byte = time.perf_counter(), 0.0
    connection = http.client.HTTPConnection("127.0.0.1", server.client.port, timeout=3600)
    connection.request("GET", server.contender.export, headers=server.client.cookie_header())
    response = connection.getresponse()
    if response.status != 200:
        raise WrongAnswer(f"{server.contender.title} answers {server.contender.export} with {response.status}")
    while part := response.read1(1 << 18):
        first_byte = first_byte or time.perf_counter() - started
        file.write(part)
    connection.close()
    return time.perf_counter() - started, first_byte


def _check_file(seat: Seat, file: IO[bytes]) -> None:
    lines = (line.decode("utf-8-sig") for line in file)
    rows = csv.reader(lines)
    next(rows)
    keys = [int(row[0]) for row in rows]
    with seat.database.engine().connect() as connection:
        right = list(connection.scalars(sa.select(Article.id).order_by(Article.id.desc())))
    if keys != right:
        raise WrongAnswer(f"{seat.contender.title} exports {len(keys):,} rows, and not the {len(right):,} that are")


# -- requests a second -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Throughput:
    """Requests a second over connections that stay open, and the memory of all processes after."""

    contender: str
    requests: float
    memory: int | None


def throughput(contender: Contender, url: str, path: str, cookies: dict[str, str], seconds: float) -> Throughput:
    """Two processes, each on a port of its own and half of the connections at each."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(contender, url, cookies=cookies)) for _ in range(PROCESSES)]
        right = servers[0].client.get(path).rows
        ends, done = time.perf_counter() + 1.0 + seconds, [0] * CONNECTIONS
        problems: list[str] = []
        threads = [
            threading.Thread(
                target=_keep_asking, args=(servers[i % PROCESSES], path, right, ends, seconds, done, i, problems)
            )
            for i in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            raise WrongAnswer(f"{contender.title} under load: {problems[0]}")
        memory = [server.memory() for server in servers]
    held = None if None in memory else sum(filter(None, memory))
    return Throughput(contender.key, sum(done) / seconds, held)


def _keep_asking(
    server: Server,
    path: str,
    right: list[int],
    ends: float,
    seconds: float,
    done: list[int],
    own: int,
    problems: list[str],
) -> None:
    """The first second warms up; the last answer's rows are looked at."""
    cookies = "".join(f"{name}: {value}\r\n" for name, value in server.client.cookie_header().items())
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.client.port}\r\n{cookies}\r\n".encode()
    try:
        with socket.create_connection(("127.0.0.1", server.client.port), timeout=60) as connection:
            body = b""
            while (now := time.perf_counter()) < ends:
                connection.sendall(request)
                body = _body(connection)
                done[own] += now >= ends - seconds
        if Answer(200, body, 0, 0).rows != right:
            problems.append("other rows than alone")
    except (OSError, ValueError) as problem:
        problems.append(repr(problem))


def _body(connection: socket.socket) -> bytes:
    """One answer of known length, or in chunks."""
    held = b""
    while b"\r\n\r\n" not in held:
        held += _received(connection)
    head, _, body = held.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ValueError(head.decode("latin-1").splitlines()[0])
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    parts, size = [body], len(body)
    while size < int(lengths[0]) if lengths else not parts[-1].endswith(b"0\r\n\r\n"):
        parts.append(_received(connection))
        size += len(parts[-1])
    return b"".join(parts)


def _received(connection: socket.socket) -> bytes:
    part = connection.recv(1 << 16)
    if not part:
        raise ValueError("the connection was closed")
    return part


# -- starting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Started:
    """From the process's start to the first page, with the memory held then."""

    contender: str
    seconds: float
    memory: int | None


def start(contenders: Sequence[tuple[Contender, str, str, dict[str, str]]], times: int) -> list[Started]:
    """Start each in turn, several times: contender, database, page and the cookies of somebody signed in."""
    seconds: dict[str, list[float]] = {contender.key: [] for contender, *_ in contenders}
    memory: dict[str, int | None] = {}
    for _ in range(times + 1):
        for contender, url, path, cookies in contenders:
            with Server(contender, url, path, cookies) as server:
                if server.status != 200:
                    raise WrongAnswer(f"{contender.title} answers {path} with {server.status} after its start")
                seconds[contender.key].append(server.seconds)
                memory[contender.key] = server.memory()
    # The first time files are read from the disk and compiled.
    return [Started(key, statistics.median(taken[1:]), memory[key]) for key, taken in seconds.items()]
