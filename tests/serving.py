"""The application behind a real server, for as long as a test or a picture takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread
from typing import Any

from flask import Flask
from werkzeug.serving import make_server


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Where the application answers meanwhile."""
    server = make_server("127.0.0.1", 0, _closed_at_its_end(app), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _closed_at_its_end(app: Flask) -> Any:
    """Werkzeug's own server leaves the file of an answer open where the browser hangs up right after the last byte."""

    def answer(environ: Any, start_response: Any) -> Iterator[bytes]:
        with closing(app(environ, start_response)) as body:  # type: ignore[type-var]  # a response has a close
            yield from body

    return answer
