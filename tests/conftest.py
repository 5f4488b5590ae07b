"""Fixtures every test may use, and a line at the end that says what did not run and why."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.extensions import db
from backoffice.records.auditing import NOTED
from tests.databases import BACKENDS, LABELS, Databases, why_absent

PASSWORD = "correct horse battery staple"
# The same browser without its own windows first, which Playwright uses too: it asks less of a machine.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# Set in CI: whatever would be skipped fails instead.
# Of these some take a minute.
LONGEST = ("tests/test_docs.py", "tests/test_bench.py", "tests/test_students.py", "tests/cluster/")
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


# Thousands of tests keep half a million objects alive, which Python would walk through again and again.
gc.set_threshold(50_000, 20, 100)


@cache
def browser_path() -> str | None:
    """Where Chromium is, from TEST_CHROMIUM or the usual names."""
    named = os.environ.get("TEST_CHROMIUM")
    candidates = [named] if named else [*BROWSERS, MAC_BROWSER]
    return next((found for name in candidates if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases; drops them when the session ends."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.drop_all()


@pytest.fixture(autouse=True)
def hung_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves connections open in applications of its own."""
    yield
    if "databases" in request.fixturenames:
        request.getfixturevalue("databases").hang_up()


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """The database: a test that uses it, or `app`, runs on each; `sqlite_only` or `mysql_only` narrow it to one."""
    name: str = request.param
    if reason := why_absent(name):
        pytest.skip(f"{LABELS[name]}: {reason}")
    return name


@pytest.fixture
def app(backend: str, databases: Databases) -> Flask:
    """The application on a migrated database that holds only the first roles. CSRF is off: see `make_app`."""
    return databases.app(backend)


@pytest.fixture
def make_app(backend: str, databases: Databases) -> Callable[..., Flask]:
    """Make another application on the same database: `make_app(port=1, extra={"WTF_CSRF_ENABLED": True})`."""
    address = databases.app(backend).extensions["backoffice"].database_url

    def make(**settings: Any) -> Flask:
        return databases.make_app(**{"url": address, **settings})

    return make


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session beside the application, to prepare rows and look at results (`expire_all()` first).

    It needs no application context: one held open would let requests share a signed-in person and a language.
    """
    with app.app_context():
        engine = db.engine
    with Session(engine, info=NOTED) as session:
        yield session


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """Runs `flask …` commands in this process."""
    return app.test_cli_runner()


@pytest.fixture
def staff(app: Flask) -> Callable[..., tuple[str, str]]:
    """`staff("editor")` makes an account and gives its email address and password."""

    def make(role: str = "admin", email: str | None = None, app: Flask = app) -> tuple[str, str]:
        email = email or f"{role}@example.com"
        with app.app_context():
            accounts.create(email, role, PASSWORD)
        return email, PASSWORD

    return make


@pytest.fixture
def sign_in(app: Flask, staff: Callable[..., tuple[str, str]]) -> Callable[..., FlaskClient]:
    """`sign_in("editor")` gives a browser in which somebody of that role has just signed in."""

    def enter(role: str = "admin", email: str | None = None, app: Flask = app) -> FlaskClient:
        address, password = staff(role, email, app)
        browser = app.test_client()
        response = browser.post("/sign-in", data={"email": address, "password": password})
        assert response.status_code == 302, response.get_data(as_text=True)
        return browser

    return enter


@pytest.fixture
def admin(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """A client in which somebody is signed in who may do everything."""
    return sign_in("admin")


@pytest.fixture
def count_statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with count_statements() as statements:` lists the SQL that ran inside, but for what no page asks by itself."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        with app.app_context():
            engine = db.engine
        statements: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            # A process asks this every two seconds, whichever page it comes with: operations.notices.
            if not statement.startswith("SELECT notice."):
                statements.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    return counting


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    path = browser_path()
    if path is None:
        pytest.skip("Chromium: not found; install it or set TEST_CHROMIUM to its path")
    return path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on every database, one marked `sqlite_only` or so on that one without a skip for the others."""
    if "backend" in metafunc.fixturenames:
        narrowed = [name for name in BACKENDS if metafunc.definition.get_closest_marker(f"{name}_only")]
        if metafunc.definition.get_closest_marker("server_only"):
            narrowed = ["mysql", "postgresql"]
        metafunc.parametrize("backend", narrowed or BACKENDS, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that nobody waits for it in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as processors: tests wait for the processes, servers and browsers that they start."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Under REQUIRE_ALL a skip is a failure that tells its reason."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and REQUIRE_ALL=1 allows none: {call.excinfo.value}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line what this machine could not run."""
    absent = [f"{LABELS[name]} ({reason})" for name in BACKENDS if (reason := why_absent(name))]
    if browser_path() is None:
        absent.append("Chromium (not found; install it or set TEST_CHROMIUM to its path)")
    terminalreporter.write_line(
        f"Not run: {', '.join(absent)}." if absent else "Run on everything: SQLite, MariaDB, PostgreSQL, Chromium."
    )
