"""A small reverse proxy before several replicas: as much of one as a restart that nobody notices needs.

It asks /readyz, shares requests out among those that are ready, and asks another one only where nothing can have
happened: nobody listened, or it was a GET.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from typing import Any

CHECK_SECONDS, CHECK_PATIENCE, PATIENCE = 0.25, 1.0, 60.0
# Of one connection only: a proxy has others with browsers and with replicas.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class Proxy(ThreadingHTTPServer):
    """Listens at a port of its own; `replicas` are the ports behind it and whether each is ready."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replicas: dict[int, bool] = {}
        self.turns = count()
        self.answered_by: dict[int, int] = {}

    @property
    def address(self) -> str:
        """Where people ask."""
        return f"http://127.0.0.1:{self.server_port}"

    def look(self) -> None:
        """Ask each replica whether it is ready; one that takes its time to say so stays what it was."""
        for port in list(self.replicas):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CHECK_PATIENCE)
            try:
                connection.request("GET", "/readyz", headers={"Connection": "close"})
                self.replicas[port] = connection.getresponse().status == 200
            except TimeoutError:
                continue
            except (OSError, http.client.HTTPException):
                self.replicas[port] = False
            finally:
                connection.close()

    def in_turn(self) -> list[int]:
        """The replicas that are ready, each request's own first."""
        ready = [port for port, is_ready in list(self.replicas.items()) if is_ready]
        first = next(self.turns) % len(ready) if ready else 0
        return ready[first:] + ready[:first]


@contextmanager
def proxying() -> Iterator[Proxy]:
    """A proxy for as long as a test takes."""
    proxy, stop = Proxy(), Event()

    def watch() -> None:
        while not stop.wait(CHECK_SECONDS):
            proxy.look()

    threads = [Thread(target=proxy.serve_forever), Thread(target=watch)]
    for thread in threads:
        thread.start()
    try:
        yield proxy
    finally:
        stop.set()
        proxy.shutdown()
        for thread in threads:
            thread.join()
        proxy.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for port in self.server.in_turn():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            asked = False
            try:
                connection.connect()
                asked = True
                connection.request(self.command, self.path, body or None, self._headers())
                response = connection.getresponse()
                return self._answer(port, response, response.read())
            except (OSError, http.client.HTTPException):
                if asked and self.command != "GET":
                    break
            finally:
                connection.close()
        return self.send_error(502)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def _headers(self) -> dict[str, str]:
        kept = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        kept |= {"X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "http"}
        return kept | {"X-Forwarded-Host": self.headers["Host"], "Connection": "close"}

    def _answer(self, port: int, response: http.client.HTTPResponse, page: bytes) -> None:
        self.server.answered_by[port] = self.server.answered_by.get(port, 0) + 1
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_said: Any) -> None:
        """Nothing: the test tells what went wrong."""
