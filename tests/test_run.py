"""`python run.py` as a newcomer and as an operator meet it, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from queue import Queue
from time import monotonic, sleep

import pytest

from backoffice.config import ROOT

# Only ever waited for when something hangs.
PATIENCE = 120


class Running:
    """A started `python run.py` whose output is read line by line."""

    def __init__(self, instance: Path, **environ: str) -> None:
        inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "run.py"],
            cwd=ROOT,
            env={**inherited, "PYTHONIOENCODING": "utf-8", "BACKOFFICE_INSTANCE": str(instance), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.lines: Queue[str] = Queue()
        self.output = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(line)

    def until(self, words: str) -> str:
        """All output up to the line that holds these words."""
        while words not in self.output:
            self.output += self.lines.get(timeout=PATIENCE)
        return self.output

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send the signal; exit code and standard error."""
        self.process.send_signal(how)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait for the end; exit code and standard error."""
        code = self.process.wait(PATIENCE)
        assert self.process.stderr is not None
        return code, self.process.stderr.read()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start `run.py` on an instance folder of the test's own; whatever still runs at the end is killed."""
    started: list[Running] = []

    def begin(**environ: str) -> Running:
        started.append(Running(tmp_path, **environ))
        return started[-1]

    yield begin
    for running in started:
        running.process.kill()
        running.process.wait()
        for stream in (running.process.stdout, running.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def port() -> str:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def count(instance: Path, table: str) -> int:
    """The rows of a table of the embedded database."""
    connection = sqlite3.connect(instance / "backoffice.db")
    try:
        return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - names of ours
    finally:
        connection.close()


def test_a_first_run_killed_half_way_is_done_again_and_a_later_one_loads_nothing(
    start: Callable[..., Running], tmp_path: Path, port: str
) -> None:
    killed = start(PORT=port)
    killed.until("Loading demo data")
    killed.process.kill()
    killed.ended()
    assert count(tmp_path, "article") == 0
    assert count(tmp_path, "staff") == 0

    first = start(PORT=port)
    output = first.until("Ctrl-C")
    assert f"http://127.0.0.1:{port}/" in output
    assert "admin@example.com" in output
    assert "One-time password:" in output
    assert answer(port) == 200
    code, errors = first.stop()
    assert code == 0, errors
    assert "Traceback" not in errors
    loaded = [count(tmp_path, table) for table in ("user", "article", "info_user_collection", "staff")]
    assert loaded == [2_000, 50_000, 150_000, 1]

    second = start(PORT=port)
    output = second.until("flask staff reset-password admin@example.com")
    assert "Loading" not in output
    assert "One-time password:" not in output
    assert answer(port) == 200
    code, errors = second.stop(signal.SIGTERM)
    assert code == 0, errors
    assert [count(tmp_path, table) for table in ("user", "article", "info_user_collection", "staff")] == loaded


def answer(port: str) -> int:
    """The status of the sign-in page."""
    connection = HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.request("GET", "/sign-in")
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_body_far_above_the_limit_is_refused_before_it_is_read(
    start: Callable[..., Running], tmp_path: Path, port: str
) -> None:
    running = start(
        PORT=port,
        MAX_UPLOAD_MB="1",
        BACKOFFICE_ENV="staging",
        SECRET_KEY="a long and secret key",
        SECURITY_PASSWORD_SALT="a long and secret salt",
    )
    running.until("flask staff create EMAIL --role admin")
    connection = HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.putrequest("POST", "/sign-in")
        connection.putheader("Content-Length", str(2 * 1024 * 1024))
        connection.endheaders()
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    code, errors = running.stop()
    assert code == 0, errors


def test_production_gets_neither_demo_data_nor_an_account(
    start: Callable[..., Running], tmp_path: Path, port: str
) -> None:
    running = start(
        PORT=port,
        BACKOFFICE_ENV="production",
        DATABASE_URL=f"sqlite:///{tmp_path / 'backoffice.db'}",
        SECRET_KEY="a long and secret key",
        SECURITY_PASSWORD_SALT="a long and secret salt",
    )
    running.until("flask staff create EMAIL --role admin")
    code, errors = running.stop()
    assert code == 0, errors
    assert count(tmp_path, "article") == 0
    assert count(tmp_path, "staff") == 0


def test_it_serves_without_upgrading_where_the_deploy_does_that(
    start: Callable[..., Running], tmp_path: Path, port: str
) -> None:
    running = start(PORT=port, UPGRADE_ON_START="no", RUN_WORKER="no")
    running.until("Ctrl-C")
    assert answer(port) == 503
    environ = {**os.environ, "BACKOFFICE_INSTANCE": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "flask", "db", "upgrade"], cwd=ROOT, env=environ, check=True)
    until = monotonic() + PATIENCE
    while answer(port) == 503 and monotonic() < until:
        sleep(0.1)
    assert answer(port) == 200
    assert count(tmp_path, "staff") == 0
    code, errors = running.stop(signal.SIGTERM)
    assert (code, "Traceback" in errors) == (0, False), errors


def test_a_taken_port_is_told_before_anything_is_loaded(start: Callable[..., Running], tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        code, errors = start(PORT=str(taken)).ended()
    assert code == 2
    assert errors.startswith(f"Error: Cannot serve on port {taken} ")
    assert "Set PORT to a free port" in errors
    assert len(errors.splitlines()) == 1
    assert not (tmp_path / "backoffice.db").exists()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"DATABASE_URL": "mysql://root:hunter2@127.0.0.1:1/backoffice"}, "cannot be reached"),
        ({"DATABASE_URL": "postgresql://postgres:hunter2@127.0.0.1:1/backoffice"}, "cannot be reached"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/backoffice.db"}, "cannot be reached"),
        ({"DATABASE_URL": "oracle://scott:hunter2@127.0.0.1/backoffice"}, "DATABASE_URL begins with 'oracle'"),
        ({"THREADS": "many"}, "THREADS is 'many'"),
        ({"HOST": "no-such-host.invalid"}, "HOST"),
    ],
)
def test_what_an_operator_can_mend_is_one_sentence(
    start: Callable[..., Running], port: str, environ: dict[str, str], words: str
) -> None:
    code, errors = start(PORT=port, **environ).ended()
    assert code == 2
    assert words in errors
    assert "hunter2" not in errors
    assert len(errors.splitlines()) == 1


def test_told_to_end_it_finishes_the_requests_in_hand_and_takes_no_more(
    start: Callable[..., Running], tmp_path: Path, port: str
) -> None:
    running = start(
        PORT=port,
        BACKOFFICE_ENV="staging",
        SECRET_KEY="a long and secret key",
        SECURITY_PASSWORD_SALT="a long and secret salt",
    )
    running.until("flask staff create EMAIL --role admin")
    with closing(upload_begun(port)) as busy, closing(HTTPConnection("127.0.0.1", int(port), PATIENCE)) as idle:
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        running.process.send_signal(signal.SIGTERM)
        wait_until_refused(port)
        assert running.process.poll() is None, "it waits for the request in hand"
        busy.send(b"locale=en")
        answer = busy.getresponse()
        assert (answer.status, "token" in json.loads(answer.read())["error"]) == (400, False)
    code, errors = running.ended()
    assert code == 0, errors
    assert "Traceback" not in errors
    assert "cut off" not in errors


def upload_begun(port: str) -> HTTPConnection:
    """A request whose body is still on its way, however fast the machine is."""
    connection = HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    connection.putrequest("POST", "/preferences")
    for name, value in (("Content-Length", "9"), ("Content-Type", "application/x-www-form-urlencoded"),
                        ("X-Requested-With", "fetch"), ("Origin", f"http://127.0.0.1:{port}")):  # fmt: skip
        connection.putheader(name, value)
    connection.endheaders()
    return connection


def wait_until_refused(port: str) -> None:
    """Until nobody listens any more."""
    until = monotonic() + PATIENCE
    while monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", int(port)), timeout=PATIENCE):
                sleep(0.02)
        except ConnectionRefusedError:
            return
    raise AssertionError("it goes on listening")


def test_importing_run_builds_nothing_until_the_application_is_asked_for(tmp_path: Path) -> None:
    program = (
        "import run, sys, pathlib; folder = pathlib.Path(sys.argv[1]);"
        "assert not any(folder.iterdir()); app = run.app; assert app is run.app; print(app.name);"
        "assert not {'prometheus_client', 'sentry_sdk'} & {*sys.modules}, 'loaded where they are set'"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "BACKOFFICE_INSTANCE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "backoffice\n"), result.stderr
