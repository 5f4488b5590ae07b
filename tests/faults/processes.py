"""Processes of the product and of databases that tests start, kill and start again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from glob import glob
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from backoffice.database.address import normalise_database_url
from tests.faults.forks import Forked

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so; a test that waits longer has failed."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"it did not happen within {seconds:.0f} seconds"
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether somebody answers at a port."""
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A command with a port, in a group of its own, so that nothing of it outlives a kill; `opened` starts it."""

    def __init__(self, command: list[str], port: int, *, opened: Any = subprocess.Popen, **options: Any) -> None:
        self.command, self.port, self.opened, self.options = command, port, opened, options
        self.running: Any = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.running = self.opened(self.command, start_new_session=True, **{**quiet, **self.options})
        wait_for(lambda: listens(self.port))

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End it at once with all its children."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, how)
            self.running.wait()
            self.running = None

    def wait(self) -> None:
        """Wait until it has ended by itself."""
        assert self.running is not None
        self.running.wait(30)
        self.running = None


def environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """What a process of the product is told: the database, a folder of its own, and nothing of the machine's own."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("FLASK", "BACKOFFICE"))}
    return kept | {
        "DATABASE_URL": database_url,
        "BACKOFFICE_INSTANCE": str(folder),
        "SECRET_KEY": "a secret for tests only",
        "SECURITY_PASSWORD_SALT": "a salt for tests only",
        **more,
    }


def product(database_url: str, folder: Path, **more: str) -> Process:
    """The product on a database, as tests.faults.serve runs it."""
    port = free_port()
    command = [sys.executable, "-m", "tests.faults.serve", str(port)]
    return Process(command, port, opened=Forked, cwd=ROOT, env=environment(database_url, folder, **more))


def mariadb(folder: Path, user: str = "") -> tuple[Process, str] | None:
    """A MariaDB of one's own, and its address; None where there is none to start. Root may have it run as a `user`."""
    server = shutil.which("mariadbd") or shutil.which("mysqld")
    install = shutil.which("mariadb-install-db") or shutil.which("mysql_install_db")
    if server is None or install is None:
        return None
    data, port, user = folder / "data", free_port(), user or pwd.getpwuid(os.getuid()).pw_name
    # Each start clears its folder of passing tables: it must not be that of a server which others use.
    own = folder / "tmp"
    own.mkdir()
    if os.getuid() == 0:
        for each in (folder, own):
            shutil.chown(each, user)
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", f"--user={user}", "--skip-test-db", f"--tmpdir={own}",
         "--auth-root-authentication-method=normal"], check=True, capture_output=True,
    )  # fmt: skip
    command = [
        server, "--no-defaults", f"--datadir={data}", f"--port={port}", f"--socket={folder}/s", f"--user={user}",
        f"--tmpdir={own}",
        "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=64M", "--skip-name-resolve",
    ]  # fmt: skip
    return Process(command, port), f"mysql://root@127.0.0.1:{port}/backoffice"


def postgresql(folder: Path) -> tuple[Process, str] | None:
    """The same of PostgreSQL, which refuses to run as root and then runs as `postgres`."""
    places = sorted(glob("/usr/lib/postgresql/*/bin")) + [str(Path(p).parent) for p in [shutil.which("initdb")] if p]
    if not places:
        return None
    data, port, options = folder / "data", free_port(), {}
    data.mkdir()
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(data, account.pw_uid, account.pw_gid)
        options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    os.chmod(data, 0o700)
    binaries = Path(places[-1])
    subprocess.run(
        [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"],
        check=True, capture_output=True, cwd="/", **options,
    )  # fmt: skip
    command = [
        str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1",
    ]  # fmt: skip
    return Process(command, port, cwd="/", **options), f"postgresql://postgres@127.0.0.1:{port}/backoffice"


def create_database(address: str) -> None:
    """Make the database that an address names, once its server answers."""
    execute(address, f"CREATE DATABASE {sa.make_url(address).database}")


def mariadb_with_replica(folder: Path) -> tuple[tuple[Process, str], tuple[Process, str]] | None:
    """A MariaDB and one that follows it, both running, with the database `backoffice`."""
    found = []
    for number, own in enumerate((["--log-bin=log", "--log-basename=m"], ["--read-only=ON"]), start=1):
        home = folder / f"server{number}"
        home.mkdir()
        made = mariadb(home)
        if made is None:
            return None
        made[0].command += [f"--server-id={number}", "--gtid-domain-id=1", *own]
        made[0].start()
        found.append(made)
    (primary, address), (_replica, there) = found
    create_database(address)
    execute(
        there,
        f"CHANGE MASTER TO master_host='127.0.0.1', master_port={primary.port}, master_user='root', "
        "master_use_gtid=slave_pos",
        "START SLAVE",
    )
    return found[0], found[1]


def postgresql_with_replica(folder: Path) -> tuple[tuple[Process, str], tuple[Process, str]] | None:
    """The same of PostgreSQL."""
    for name in ("primary", "standby"):
        (folder / name).mkdir()
    found = postgresql(folder / "primary")
    if found is None:
        return None
    primary, address = found
    primary.start()
    create_database(address)
    copying = [*sorted(glob("/usr/lib/postgresql/*/bin/pg_basebackup")), shutil.which("pg_basebackup")][0]
    port, data = free_port(), folder / "standby" / "data"
    data.mkdir()
    if "user" in primary.options:
        os.chown(data, primary.options["user"], primary.options["group"])
    os.chmod(data, 0o700)
    subprocess.run(
        [str(copying), "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres", "-D", data, "-R",
         "--checkpoint=fast", "--no-sync"], check=True, capture_output=True, **primary.options,
    )  # fmt: skip
    command = [str(data) if part.endswith("/primary/data") else part for part in primary.command]
    replica = Process([str(port) if part == str(primary.port) else part for part in command], port, **primary.options)
    replica.start()
    there = address.replace(str(primary.port), str(port))
    execute(there, "SELECT 1")
    return found, (replica, there)


def execute(address: str, *statements: str) -> None:
    """Run statements as the server's administrator, each by itself, once it answers."""
    url = sa.make_url(normalise_database_url(address))
    home = url.set(database={"mysql": "mysql"}.get(url.get_backend_name(), "postgres"))
    engine = sa.create_engine(home, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

    def done() -> bool:
        try:
            with engine.connect() as connection:
                while left:
                    connection.exec_driver_sql(left[0])
                    del left[0]
        except sa.exc.OperationalError:
            return False  # it listens before it answers
        return True

    left = list(statements)
    wait_for(done)
