"""What a filter means, said in plain Python: a few models with every comparison, their rows, and a second opinion."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from backoffice.database.attributes import attribute
from backoffice.models import Model, UTCDateTime


class Base(DeclarativeBase):
    """Apart from the product's tables, so that no migration sees these; collated as those are."""

    metadata = sa.MetaData(naming_convention=Model.metadata.naming_convention)
    __table_args__: Any = Model.__table_args__


class Owner(Base):
    """The other end of a relation to one."""

    __tablename__ = "meaning_owner"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(sa.String(80))


class Tag(Base):
    """The other end of a relation to many."""

    __tablename__ = "meaning_tag"
    id: Mapped[int] = mapped_column(primary_key=True)


class Part(Base):
    """One of many that hold a row's key."""

    __tablename__ = "meaning_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    thing_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meaning_thing.id"))


tagged = sa.Table(
    "meaning_tagged",
    Base.metadata,
    sa.Column("thing_id", sa.ForeignKey("meaning_thing.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("meaning_tag.id"), primary_key=True),
    **Model.__table_args__,
)


class Thing(Base):
    """A row to be found."""

    __tablename__ = "meaning_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(sa.String(80), index=True)
    needed: Mapped[str] = mapped_column(sa.Text)
    day: Mapped[date | None]
    moment: Mapped[datetime | None] = mapped_column(UTCDateTime())
    clock: Mapped[datetime | None] = mapped_column(sa.DateTime())
    number: Mapped[int | None]
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric(12, 3))
    flag: Mapped[bool | None]
    state: Mapped[str | None] = mapped_column(sa.Enum("draft", "done", name="meaning_state"))
    code: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid())
    facts: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meaning_owner.id"))

    owner: Mapped[Owner | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=tagged)
    parts: Mapped[list[Part]] = relationship()


COLUMNS = (
    "id", "text", "needed", "day", "moment", "clock", "number", "amount", "flag", "state", "code", "facts",
    "owner", "owner.name", "tags", "parts",
)  # fmt: skip
ATTRIBUTES = {name: attribute(Thing, name) for name in COLUMNS}


@dataclass(frozen=True)
class Person:
    """Who asks, to the second opinion: a moment, a zone, and which owner, tag and part is this person."""

    now: datetime
    zone: tzinfo
    me: int | None


def holds(tree: Any, row: dict[str, Any], person: Person) -> bool:
    """Whether a row meets a filter. `row` has a value a column, the owner's key, and sets of keys for the many."""
    if isinstance(tree, dict):
        [(match, items)] = tree.items()
        if match == "not":
            return not holds(items, row, person)
        return (all if match == "all" else any)(holds(item, row, person) for item in items)
    name, operator, *rest = tree
    positive = operator.removeprefix("not_")
    return compares(name, positive, rest[0] if rest else None, row[name], person) is (positive == operator)


def compares(name: str, operator: str, operand: Any, value: Any, person: Person) -> bool:
    """A comparison that is not negated: what has no value meets none but `null` and `empty`."""
    if name in ("tags", "parts", "owner") and operator == "in":
        keys = {person.me if key == "me" else key for key in operand} - {None}
        return bool(keys & (value if isinstance(value, set) else {value}))
    if operator == "null":
        return value is None
    if operator == "empty":
        return not value
    if isinstance(value, set):
        return len(value) >= operand if operator == "at_least" else len(value) <= operand
    if value is None:
        return False
    if operator in ("on", "during"):
        return within(operand, value, person)
    if operator in TEXT_TESTS:
        return TEXT_TESTS[operator](fold(kept(value)), fold(operand))
    meant = [read(item, value) for item in operand] if isinstance(operand, list) else read(operand, value)
    return bool(TESTS[operator](value, meant))


TEXT_TESTS = {
    "contains": lambda value, part: part in value,
    "starts_with": lambda value, part: value.startswith(part),
    "ends_with": lambda value, part: value.endswith(part),
}
TESTS = {
    "equals": lambda value, other: value == other,
    "is": lambda value, other: value is other,
    "in": lambda value, others: value in others,
    "greater": lambda value, other: value > other,
    "at_least": lambda value, other: value >= other,
    "less": lambda value, other: value < other,
    "at_most": lambda value, other: value <= other,
    "between": lambda value, ends: ends[0] <= value <= ends[1],
}


def fold(text: str) -> str:
    """Without regard to case, letter by letter."""
    forms = ((letter.casefold(), letter.lower(), letter) for letter in text)
    return "".join(next(form for form in letters if len(form) == 1) for letters in forms)


def kept(value: Any) -> str:
    """A text as it is, JSON as it reads."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read(written: Any, value: Any) -> Any:
    """An operand as the value's own type."""
    if isinstance(value, datetime):
        moment = datetime.fromisoformat(written)
        return moment if value.tzinfo is None or moment.tzinfo else moment.replace(tzinfo=UTC)
    readers: dict[type, Any] = {date: date.fromisoformat, Decimal: Decimal, uuid.UUID: uuid.UUID}
    return readers.get(type(value), lambda same: same)(written)


def within(words: str, value: Any, person: Person) -> bool:
    """Whether a day or a moment lies in what the words mean to this person."""
    here = person.now.astimezone(person.zone)
    moment = value.astimezone(person.zone) if isinstance(value, datetime) and value.tzinfo else value
    if words.endswith(("hour", "hours")):
        now = person.now if value.tzinfo else here.replace(tzinfo=None)
        which, number, _unit = words.split()
        return abs(value - now) <= timedelta(hours=int(number)) and (value < now if which == "last" else value >= now)
    day, today = moment.date() if isinstance(moment, datetime) else moment, here.date()
    if words[0].isdigit():
        return day == date.fromisoformat(words)
    if words in ("yesterday", "today", "tomorrow"):
        return (day - today).days == ("yesterday", "today", "tomorrow").index(words) - 1
    which, *number, unit = words.split()
    if not number:
        return STEPS[unit](day) - STEPS[unit](today) == ("last", "this", "next").index(which) - 1
    first, last = (day, today) if which == "last" else (today, day)
    return first <= last and counted(first, last, int(number[0]), unit.removesuffix("s"), back=which == "last")


# Each calendar unit has a number of its own.
STEPS = {
    "week": lambda day: (day - timedelta(days=day.weekday())).toordinal() // 7,
    "month": lambda day: day.year * 12 + day.month,
    "quarter": lambda day: day.year * 4 + (day.month - 1) // 3,
    "year": lambda day: day.year,
}


def counted(first: date, last: date, number: int, unit: str, *, back: bool) -> bool:
    """Whether less than so many units lie between two days, counted from the one that is today."""
    if unit in ("day", "week"):
        return (last - first).days < number * (7 if unit == "week" else 1)
    months = number * (12 if unit == "year" else 1)
    today, other = (last, first) if back else (first, last)
    ordinal = today.year * 12 + today.month - 1 + (-months if back else months)
    for day in range(today.day, 0, -1):
        try:
            end = date(ordinal // 12, ordinal % 12 + 1, day)
            break
        except ValueError:
            continue
    return other > end if back else other < end
