"""People who save users while versions change under them, each of them noting every answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles
from threading import Event, Lock, Thread
from time import monotonic

from tests.faults.ledger import Ledger
from tests.faults.people import Unheard, Visitor
from tests.pages import form_of

BOTH, CARRIED = ("username", "email", "name"), ("version", "shown", "form_id", "csrf_token")
ANSWERED = range(200, 400)


@dataclass
class Figures:
    """Every answer that anybody got, how long saves took, and what took how long."""

    lock: Lock = field(default_factory=Lock)
    answers: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)

    def note(self, what: str, answer: str, *, failed: bool) -> None:
        """One request, and what came of it."""
        with self.lock:
            self.answers[answer] += 1
            if failed:
                self.failed.append(f"{what}: {answer}")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Something of which it is told how long it took, and what failed meanwhile."""
        before, began = len(self.failed), monotonic()
        yield
        self.phases[name] = monotonic() - began
        assert len(self.failed) == before, f"while {name}: {self.failed[before : before + 5]}"

    def __str__(self) -> str:
        cuts = quantiles(self.saves, n=100)
        spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.phases.items())
        return (
            f"{self.answers.total():,} requests, {len(self.failed)} failed; {len(self.saves):,} saves, "
            f"p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms\n  {spent}"
        )


class Person(Visitor):
    """Somebody with users of their own, who changes one field of one of them after another."""

    def __init__(self, address: str, users: list[int], figures: Figures, ledger: Ledger) -> None:
        super().__init__(address)
        self.users, self.figures, self.ledger = users, figures, ledger
        self.numbers, self.at_it = count(), Lock()
        # Whether to fill in addresses: it is announced once every replica knows them.
        self.fills_addresses = Event()

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """As anybody, and note how it was answered."""
        what = f"{method} {path}"
        try:
            status, page, to = super().ask(method, path, form)
        except Unheard as problem:
            self.figures.note(what, f"no answer, {problem}", failed=True)
            raise
        failed = status not in ANSWERED or ("/sign-in" in to and path != "/sign-in")
        self.figures.note(what, f"{status}", failed=failed)
        return status, page, to

    def open_user(self, user: int) -> dict[str, str]:
        """What the form of a user holds, of either version."""
        _status, page, _to = self.ask("GET", f"/admin/user/edit/?id={user}")
        known = ("address",) if 'name="address"' in page else ()
        return form_of(page, *BOTH, *known, *CARRIED)

    def send(self, user: int, form: dict[str, str], column: str, value: str) -> bool:
        """Send the form with one field changed, and note it where that is acknowledged."""
        began = monotonic()
        status, _page, to = self.ask("POST", f"/admin/user/edit/?id={user}", form | {column: value})
        saved = status == 302 and "/admin/user/" in to
        if saved:
            self.ledger.acknowledge(user, column, value)
            self.figures.saves.append(monotonic() - began)
        return saved

    def save_one(self) -> None:
        """Open a user, type, save; every now and then look at the list."""
        number = next(self.numbers)
        user = self.users[number % len(self.users)]
        form = self.open_user(user)
        columns = ["name", "email", "address"] if self.fills_addresses.is_set() else ["name", "email"]
        column = columns[number // len(self.users) % len(columns)]
        value = f"{column}{number}@{user}.example.com"
        if not self.send(user, form, column, value):
            self.figures.note(f"saving {column} of {user}", "it was not saved", failed=True)
        if number % 10 == 0:
            self.ask("GET", "/admin/user/?sort=-id")

    def start_job(self) -> int:
        """Ask for all articles to be published; the job's number."""
        asked = {"action": "publish", "all": "yes", "selection": ""}
        _status, page, _to = self.ask("GET", "/admin/article/")
        token = form_of(page, "csrf_token")
        _status, page, to = self.ask("POST", "/admin/article/action/", token | asked)
        if to:
            _status, page, _to = self.ask("GET", to.removeprefix(self.address))
        asked = form_of(page, "form_id", "action", "url", "rows", "ready", "csrf_token")
        # So many have to be typed.
        typed = re.search(r"Type “(\d+)” to confirm", page)
        _status, page, to = self.ask("POST", "/admin/article/bulk/", asked | {"typed": typed[1] if typed else ""})
        found = re.search(r"/admin/job/details/\?id=(\d+)", to)
        assert found, page[-2000:]
        return int(found[1])


@contextmanager
def saving(people: list[Person], pause: float) -> Iterator[Callable[[bool], None]]:
    """All of them save meanwhile. What is given says whether they fill in addresses, from the next form on."""
    stop = Event()

    def work(person: Person) -> None:
        while not stop.is_set():
            with person.at_it:
                try:
                    person.save_one()
                except Unheard:
                    pass  # it is noted, and fails the test
                except AssertionError as problem:
                    person.figures.note("a form", str(problem)[:200], failed=True)
            stop.wait(pause)

    def fill_addresses(yes: bool) -> None:
        for person in people:
            with person.at_it:
                (person.fills_addresses.set if yes else person.fills_addresses.clear)()

    threads = [Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield fill_addresses
    finally:
        stop.set()
        for thread in threads:
            thread.join()
