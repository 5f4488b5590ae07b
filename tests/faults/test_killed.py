"""kill -9 of the web worker in the middle of a save, and of the database under load: all or nothing, and exact."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.extensions import db
from tests.conftest import PASSWORD
from tests.databases import Databases
from tests.factories import make_article, make_articles
from tests.faults import processes
from tests.faults.ledger import Ledger
from tests.faults.people import Unheard, Visitor
from tests.faults.serve import POINTS

CRASHES, PEOPLE = 3, 4


def test_a_worker_killed_at_five_points_of_a_save_leaves_all_or_nothing(
    app: Flask, session: Session, staff: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    article = make_article(session, title="Before", content="before").id
    account = staff("editor")
    address = app.extensions["backoffice"].database_url
    ledger, armed = Ledger(), tmp_path / "armed"
    for number, point in enumerate(POINTS):
        worker = processes.product(address, tmp_path, KILL_AT=point, KILL_WHEN=str(armed))
        worker.start()
        try:
            person = Visitor(f"http://127.0.0.1:{worker.port}")
            person.sign_in(*account)
            form = person.open(article) | {"title": f"Killed {number}"}
            armed.touch()
            with pytest.raises(Unheard):
                person.ask("POST", f"/admin/article/edit/?id={article}", form)
            worker.wait()
            armed.unlink()
            worker.start()
            # The same form once more, as a browser or a proxy that tries again sends it.
            status, _page, _to = person.ask("POST", f"/admin/article/edit/?id={article}", form)
            assert status == 302, point
            ledger.acknowledge(article, "title", f"Killed {number}")
        finally:
            worker.kill()
        ledger.check(session)


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_database_killed_under_load_comes_back_with_an_exact_ledger(
    kind: str, folder: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = getattr(processes, kind)(folder)
    if found is None:
        pytest.skip(f"{kind}: no server to start was found")
    server, address = found
    server.start()
    try:
        processes.create_database(address)
        app = databases.make_app(address)
        articles = prepare(app)
        crash(app, server, address, articles, folder)
        with app.app_context():
            db.engine.dispose()
    finally:
        server.kill()


def prepare(app: Flask) -> list[int]:
    with app.app_context():
        flask_migrate.upgrade()
        for number in range(PEOPLE):
            accounts.create(f"person{number}@example.com", "editor", PASSWORD)
        with Session(db.engine) as session:
            return [article.id for article in make_articles(session, PEOPLE)]


def crash(app: Flask, server: processes.Process, address: str, articles: list[int], folder: Path) -> None:
    """People save while the database is killed and started again, three times."""
    worker = processes.product(address, folder)
    worker.start()
    ledger, stop = Ledger(), Event()
    unheard: list[str] = []

    def work(number: int) -> None:
        person = Visitor(f"http://127.0.0.1:{worker.port}")
        person.sign_in(f"person{number}@example.com", PASSWORD)
        save = 0
        while not stop.is_set():
            save += 1
            value = f"{number} {save}"
            try:
                form = person.open(articles[number])
            except AssertionError:
                stop.wait(0.05)  # the page says that the database does not answer
                continue
            status = person.save(articles[number], form, title=value)
            if status == 302:
                ledger.acknowledge(articles[number], "title", value)
            else:
                unheard.append(value)
            stop.wait(0.01)

    try:
        with ThreadPoolExecutor(PEOPLE) as pool:
            done = [pool.submit(work, number) for number in range(PEOPLE)]
            try:
                for _time in range(CRASHES):
                    _some_more(ledger, 20)
                    server.kill()
                    server.start()
                    # Ten seconds after it listens again people save again.
                    _some_more(ledger, 20, seconds=10)
            finally:
                stop.set()
            for future in done:
                future.result()
    finally:
        worker.kill()
    with app.app_context(), Session(db.engine) as session:
        ledger.check(session, unheard=len(unheard))


def _some_more(ledger: Ledger, number: int, seconds: float = 30) -> None:
    wanted = len(ledger.lines) + number
    processes.wait_for(lambda: len(ledger.lines) >= wanted, seconds)
