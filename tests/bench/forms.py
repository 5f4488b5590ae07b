"""Forms: opened and sent as a browser does, and looked at in the database after each save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from typing import Any

import sqlalchemy as sa

from tests.bench.candidates.tables import Collection
from tests.bench.client import Answer, WrongAnswer
from tests.bench.measuring import WARM_UPS, Measured, Seat, settled
from tests.bench.tasks import FormTask

# What a browser sends only when it is pressed, ticked or filled with a file.
UNSENT = ("submit", "button", "reset", "image", "file", "checkbox", "radio")
Values = dict[str, str]


def measure_form(task: FormTask, seats: Sequence[Seat], rounds: int) -> list[Measured]:
    """One form: everybody in turn opens or saves it, each checked; the record is then as it was before."""
    key = task.record(seats[0].database.world)
    with seats[0].database.engine(isolation_level="AUTOCOMMIT").connect() as connection:
        row = Row(connection, task, key)
        turns = [
            Turn(seat, task, path, row) for seat in seats if (path := seat.contender.form(task.table, key))
        ]  # fmt: skip
        with row.put_back():
            for number in range(rounds + WARM_UPS):
                for turn in turns:
                    if not turn.run.enough:
                        turn.take(counts=number >= WARM_UPS)
            for turn in turns:
                turn.count()
    return [turn.run for turn in turns]


@dataclass
class Row:
    """The record in the database."""

    connection: sa.Connection
    task: FormTask
    key: int
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        # As it stands in the database: this product's models would refuse to write it past its history.
        self.table = sa.Table(self.task.table, sa.MetaData(), autoload_with=self.connection, resolve_fks=False)
        self.first = self.read()

    def read(self) -> dict[str, Any]:
        """Every column."""
        return dict(self.connection.execute(sa.select(self.table).where(self.table.c.id == self.key)).mappings().one())

    @property
    def another(self) -> str:
        """A text that its first field has never had."""
        return f"{self.first[self.task.shown[0]]} {next(self.numbers)}"

    @property
    def history(self) -> int:
        """How many entries this product keeps of it."""
        asked = "SELECT COUNT(*) FROM audit_entry WHERE table_name = :table AND record_key = :key"
        found = self.connection.execute(sa.text(asked), {"table": self.task.table, "key": str(self.key)})
        return int(found.scalar_one())

    @property
    def collected(self) -> int:
        """How many articles a user keeps."""
        asked = sa.select(sa.func.count()).select_from(Collection).where(Collection.c.user_id == self.key)
        return int(self.connection.execute(asked).scalar_one())

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """What others look for and sort by is there again afterwards; its version goes on, as its history does."""
        try:
            yield
        finally:
            values = {name: value for name, value in self.first.items() if name not in ("id", "version")}
            if self.task.saves:
                self.connection.execute(sa.update(self.table).where(self.table.c.id == self.key).values(values))


class Turn:
    """One contender at one form."""

    def __init__(self, seat: Seat, task: FormTask, path: str, row: Row) -> None:
        self.seat, self.task, self.path, self.row = seat, task, path, row
        self.run = Measured(seat.contender.key, seat.database.world.articles, task.key, path)

    def take(self, *, counts: bool) -> None:
        """Open the form, or send one that was opened for it; only what is asked for is timed."""
        sent = self._changed() if self.task.saves else {}
        was, history = self._kept()
        before = self.seat.server.cpu()
        answer = self._ask(sent)
        after = self.seat.server.cpu()
        self._check(answer, sent, was, history)
        self.run.bytes = len(answer.body)
        if counts:
            self.run.seconds.append(answer.seconds)
            self.run.cpu += [after - before] if before is not None and after is not None else []

    def count(self) -> None:
        """Once more, between two looks at the database's counters."""
        settled([(self.seat, self.path)])
        sent = self._changed() if self.task.saves else {}
        with self.seat.meter.counting(self.run.contender) as readings:
            self._ask(sent)
        self.run.statements, self.run.rows_read = readings[0].statements, readings[0].rows

    def _changed(self) -> Values:
        """The form as it is now, with another text."""
        return {**fields(self.seat.ask(self.path).text, self.task.shown[0]), self.task.shown[0]: self.row.another}

    def _ask(self, sent: Values) -> Answer:
        return self.seat.server.client.post(self.path, sent.items()) if sent else self.seat.ask(self.path)

    def _kept(self) -> tuple[int, int]:
        keeps = self.seat.contender.keeps_history
        return (self.row.read()["version"], self.row.history) if keeps else (0, 0)

    def _check(self, answer: Answer, sent: Values, version: int, history: int) -> None:
        row, right, first = self.row.read(), self.task.shown, self.task.shown[0]
        if self.task.saves:
            if answer.status not in (302, 303) or row[first] != sent[first]:
                raise self._wrong(f"saves {row[first]!r} and not {sent[first]!r} ({answer.status}):\n{answer.text}")
            if self.seat.contender.keeps_history and self._kept() != (version + 1, history + 1):
                raise self._wrong(f"was at {(version, history)} and is at {self._kept()}: version, history")
            return
        found = fields(answer.text, first)
        wrong = [name for name in right if lines(found.get(name, "")) != lines(row[name] or "")]
        if wrong:
            raise self._wrong(f"shows {found.get(wrong[0])!r} and not {row[wrong[0]]!r}")
        links = found.get("collection_articles")
        if links is not None and len(links.split(",")) != self.row.collected:
            raise self._wrong("shows other links than there are")

    def _wrong(self, reason: str) -> WrongAnswer:
        return WrongAnswer(f"{self.seat.contender.title} answers “{self.task.title}” wrongly: it {reason}"[:2000])


# -- what a browser makes of a page ------------------------------------------------------------------------------------


def fields(page: str, name: str) -> Values:
    """What the form that has a field of this name would send, unchanged."""
    reader = Reader()
    reader.feed(page)
    for form in reader.forms:
        if name in form:
            return form
    raise WrongAnswer(f"the page has no form with a field {name!r}:\n{page[:2000]}")


def lines(text: str) -> str:
    """A text whose lines end one way: browsers send another than databases hold."""
    return text.replace("\r\n", "\n")


class Reader(HTMLParser):
    """The fields of each form of a page, as they stand there."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Values] = []
        self.area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form begins, or it has another field."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        name = given.get("name")
        if not name or not self.forms:
            return
        if tag == "input" and given.get("type") not in UNSENT:
            self.forms[-1][name] = given.get("value", "")
        if tag == "textarea":
            self.area, self.forms[-1][name] = name, ""

    def handle_data(self, data: str) -> None:
        """A text area holds what stands in it."""
        if self.area is not None:
            self.forms[-1][self.area] += data

    def handle_endtag(self, tag: str) -> None:
        """Its first line end is not its own."""
        if tag == "textarea" and self.area is not None:
            text = self.forms[-1][self.area]
            self.forms[-1][self.area] = text.removeprefix("\r\n" if text.startswith("\r\n") else "\n")
            self.area = None
