"""A filter means the same rows on every database as in plain Python, whatever the rows and whoever asks."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.database.asking import Asker
from backoffice.database.attributes import Kind
from backoffice.database.filtering import group_of, parse_where
from backoffice.database.operators import operators_of
from tests.database.meaning import ATTRIBUTES, Base, Owner, Part, Person, Tag, Thing, holds, tagged

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")

TEXTS = (
    *("", " ", "a", "A", "a ", "á", "Á", "a\u0301", "é", "E", "三体", "三体 II", "三體", "１", "1", "\n", "a\n"),
    *("😀", "😃", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f469", "\u200d", "\ufeff"),
    *("%", "_", "/", "a%b", "a_b", "axb", "a/b", "\\", "'", '"', "a'; --"),
    *("ß", "ẞ", "ss", "Σ", "σ", "ς", "İ", "ı", "I", "i", "\u212a", "k", "ﬁ", "fi", "Ѐ", "ѐ"),
    *("[a]", "(a", "a.", ".*", "^a$", "{2}", "|", "***:a"),
)
ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Asia/Shanghai", "America/St_Johns", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu")
]
# Days on which clocks change (at midnight in São Paulo; the 30th was left out in Apia), and the ends of months.
DAYS = [
    *map(date.fromisoformat, ("2026-03-08", "2026-11-01", "2018-11-04", "2018-02-18", "2011-12-30", "2011-12-31")),
    *map(date.fromisoformat, ("2024-02-29", "2025-12-31", "2026-01-01", "2026-01-31", "2026-06-15", "2026-06-16")),
]
PERIODS = [
    *("today", "yesterday", "tomorrow", "last 1 day", "last 7 days", "next 3 days", "last 400 days", "last 2 weeks"),
    *(f"{which} {unit}" for which in ("last", "this", "next") for unit in ("week", "month", "quarter", "year")),
    *("last 1 month", "next 3 months", "last 13 months", "last 2 years", "next 1 year", "next 2 weeks"),
]
HOURS = ["last 24 hours", "next 1 hour", "last 3 hours"]

texts = st.one_of(st.sampled_from(TEXTS), st.text("aAbBéÉ三体 %_/😀", max_size=4))
days = st.one_of(
    st.sampled_from(DAYS), st.builds(lambda day, n: day + timedelta(n), st.sampled_from(DAYS), st.integers(-9, 9))
)
moments = st.builds(
    lambda day, zone, off: datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) + off,
    days,
    st.sampled_from(ZONES),
    st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(microseconds=1), timedelta(hours=5)]),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "needed": texts,
    "day": days,
    "moment": moments,
    "clock": moments.map(lambda moment: moment.replace(tzinfo=None, microsecond=0)),
    "number": st.integers(-3, 3),
    "amount": st.sampled_from(list(map(Decimal, ("0", "-0.125", "12.500", "99999.999")))),
    "flag": st.booleans(),
    "state": st.sampled_from(["draft", "done"]),
    "code": st.sampled_from([uuid.UUID(int=0), uuid.UUID(int=7), uuid.UUID(int=2**127)]),
    "facts": st.sampled_from(["三体", {"a": [1, "é"]}, [], {"A": "a%b"}]),
    "owner_id": st.integers(1, 3),
}
keys = st.integers(1, 4)
rows = st.fixed_dictionaries(
    {
        **{name: value if name == "needed" else st.none() | value for name, value in VALUES.items()},
        "tags": st.sets(keys),
        "parts": st.integers(0, 3),
    }
)
people = st.builds(
    lambda now, zone, me: Person(now, zone, me), moments, st.sampled_from(ZONES), st.none() | st.integers(1, 3)
)


def written(value: Any) -> Any:
    """A value as an address has it."""
    return value if isinstance(value, (str, int)) else value.isoformat() if hasattr(value, "isoformat") else str(value)


def operands(name: str, operator: str) -> st.SearchStrategy[Any]:
    """What may follow an operator."""
    kind = ATTRIBUTES[name].kind
    if kind in (Kind.ONE, Kind.MANY):
        return (
            st.integers(0, 4) if operator.startswith("at_") else st.lists(keys | st.just("me"), min_size=1, max_size=3)
        )
    if operator == "during":
        return st.sampled_from(PERIODS + (HOURS if kind is Kind.DATETIME else []))
    if operator == "on":
        return days.map(written)
    if kind is Kind.JSON:
        return st.sampled_from(["三", "É", "a", "%", '"a"', "[]", "zzz"])
    value = (keys if name == "id" else VALUES["text" if name == "owner.name" else name]).map(written)
    if operator == "between":
        return st.lists(value, min_size=2, max_size=2)
    return st.lists(value, min_size=1, max_size=4) if operator in ("in", "not_in") else value


@st.composite
def conditions(draw: st.DrawFn) -> list[Any]:
    """A condition on any column, by any of its comparisons."""
    name = draw(st.sampled_from(list(ATTRIBUTES)))
    operator = draw(st.sampled_from(operators_of(ATTRIBUTES[name])))
    alone = operator.removeprefix("not_") in ("null", "empty")
    return [name, operator] if alone else [name, operator, draw(operands(name, operator))]


trees = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.builds(
            lambda match, items: {match: items},
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda item: {"not": item}, inner),
    ),
    max_leaves=5,
)


@pytest.fixture
def connection(session: Session) -> Iterator[sa.Connection]:
    """The tables of the things, and a connection to fill them by."""
    engine = session.get_bind()
    assert isinstance(engine, sa.Engine)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    Base.metadata.drop_all(engine)


def fill(connection: sa.Connection, drawn: list[dict[str, Any]], names: list[str | None]) -> list[dict[str, Any]]:
    """Put rows into the tables; give them as plain Python has them, relations as keys."""
    connection.execute(sa.insert(Owner), [{"id": n, "name": name} for n, name in enumerate(names, 1)])
    connection.execute(sa.insert(Tag), [{"id": n} for n in range(1, 5)])
    kept, parts, links = [], [], []
    for key, row in enumerate(drawn, 1):
        columns = {name: row[name] for name in VALUES}
        connection.execute(sa.insert(Thing), {"id": key, **columns})
        links += [{"thing_id": key, "tag_id": tag} for tag in row["tags"]]
        own = range(len(parts) + 1, len(parts) + 1 + row["parts"])
        parts += [{"id": n, "thing_id": key} for n in own]
        owner = row["owner_id"]
        relations = {"owner": owner, "owner.name": names[owner - 1] if owner else None, "parts": set(own)}
        kept.append({"id": key, **columns, **relations, "tags": row["tags"]})
    if links:
        connection.execute(sa.insert(tagged), links)
    if parts:
        connection.execute(sa.insert(Part), parts)
    return kept


@given(
    st.lists(rows, min_size=1, max_size=8),
    st.lists(trees, min_size=1, max_size=6),
    people,
    st.lists(st.none() | texts, min_size=3, max_size=3),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_filter_means_what_it_means_in_plain_python(
    connection: sa.Connection, drawn: list[dict[str, Any]], asked: list[Any], person: Person, names: list[str | None]
) -> None:
    asker = Asker(person.now, person.zone, lambda _model: None if person.me is None else (person.me,))
    try:
        kept = fill(connection, drawn, names)
        for tree in asked:
            group = group_of(tree, ATTRIBUTES)
            found = list(connection.scalars(sa.select(Thing.id).where(group.predicate(asker))))
            assert sorted(found) == [row["id"] for row in kept if holds(tree, row, person)], tree
            rest = connection.scalars(sa.select(Thing.id).where(group.predicate(asker, negated=True)))
            assert sorted(rest) == [row["id"] for row in kept if row["id"] not in found], tree
            assert parse_where(group.text, ATTRIBUTES).source == group.source
    finally:
        connection.rollback()
