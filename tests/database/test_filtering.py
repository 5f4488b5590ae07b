"""Filters: what they select, on every database, and what they refuse."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.asking import Asker
from backoffice.database.attributes import attribute
from backoffice.database.filtering import group_of, parse_where
from backoffice.database.relative import parse_period, span_of
from backoffice.errors import BadInput
from backoffice.models import Article
from tests.factories import NOON, collect, make_article, make_user

ATTRIBUTES = {
    name: attribute(Article, name)
    for name in ("id", "title", "content", "user", "users", "published", "published_at", "user.name", "user.username")
}


@pytest.fixture
def titles(session: Session) -> Any:
    """Asks a filter and gives the titles it selects."""

    def ask(where: Any, asker: Asker | None = None) -> set[str]:
        predicate = parse_where(json.dumps(where), ATTRIBUTES).predicate(asker or Asker())
        return set(session.scalars(sa.select(Article.title).where(predicate)))

    return ask


@pytest.fixture
def library(session: Session) -> dict[str, Any]:
    """Three articles by two authors, one of them without an author, and one reader."""
    ada = make_user(session, username="ada", name="Ada")
    bob = make_user(session, username="bob", name=None)
    three = make_article(session, title="三体 100%", user=ada, published_at=NOON)
    plain = make_article(session, title="plain_text", user=bob)
    alone = make_article(session, title="Alone", content="")
    collect(session, bob, [three])
    return {"ada": ada, "bob": bob, "three": three, "plain": plain, "alone": alone}


def test_each_comparison_selects_what_it_says(titles: Any, library: dict[str, Any]) -> None:
    three, plain, alone = "三体 100%", "plain_text", "Alone"
    key = library["ada"].id
    for where, expected in [
        (["title", "contains", "三体"], {three}),
        (["title", "contains", "ALONE"], {alone}),
        (["title", "contains", "%"], {three}),
        (["title", "contains", "_"], {plain}),
        (["title", "not_contains", "a"], {three}),
        (["title", "starts_with", "pl"], {plain}),
        (["title", "ends_with", "100%"], {three}),
        (["title", "in", [plain, alone]], {plain, alone}),
        (["title", "not_in", [plain, alone]], {three}),
        (["title", "equals", alone], {alone}),
        (["title", "equals", "alone"], set()),
        (["title", "not_equals", alone], {three, plain}),
        (["content", "empty"], {alone}),
        (["content", "not_empty"], {three, plain}),
        (["id", "between", [library["plain"].id, library["alone"].id]], {plain, alone}),
        (["id", "greater", library["plain"].id], {alone}),
        (["id", "at_most", library["plain"].id], {three, plain}),
        (["published", "is", True], {three}),
        (["published", "is", False], {plain, alone}),
        (["published_at", "on", "2026-01-15"], {three}),
        (["published_at", "on", "2026-01-14"], set()),
        (["published_at", "during", "last 7 days"], set()),
        (["published_at", "during", "last 9999 days"], {three}),
        (["published_at", "less", "2026-01-15T12:00:01"], {three}),
        (["published_at", "null"], {plain, alone}),
        (["published_at", "not_null"], {three}),
        (["user", "in", [key]], {three}),
        (["user", "not_in", [key]], {plain, alone}),
        (["user", "null"], {alone}),
        (["user", "not_null"], {three, plain}),
        (["users", "in", [library["bob"].id]], {three}),
        (["users", "at_least", 1], {three}),
        (["users", "at_least", 2], set()),
        (["users", "at_most", 1], {three, plain, alone}),
        (["users", "empty"], {plain, alone}),
        (["users", "not_empty"], {three}),
        (["user.username", "contains", "ad"], {three}),
        (["user.name", "not_contains", "Ada"], {plain, alone}),
        (["user.name", "null"], {plain, alone}),
        (["user.name", "not_null"], {three}),
    ]:
        assert titles(where) == expected, where


@pytest.mark.usefixtures("library")
def test_groups_nest_and_negate(titles: Any) -> None:
    assert titles(
        {"all": [["title", "contains", "a"], {"any": [["published", "is", True], {"not": ["user", "null"]}]}]}
    ) == {"plain_text"}
    assert titles({"not": {"any": [["title", "equals", "Alone"], ["user.name", "equals", "Ada"]]}}) == {"plain_text"}


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"all": 1}', '{"none": []}', '["title"]', '["nothing", "contains", "x"]', '["title", "like", "x"]',
        '["title", "in", []]', '["title", "in", "x"]', '["id", "equals", "abc"]', '["id", "between", [1]]',
        '["published_at", "on", "2026-02-30"]', '["user", "in", ["x"]]', '["title", "contains"]',
        '["id", "equals", 99999999999999999999]', '["title", "contains", "\\u0000"]', "[" * 5000,
        '{"not":' * 20 + '["id","equals",1]' + "}" * 20,
        json.dumps({"all": [["id", "equals", 1]] * 101}),
        '["published_at", "during", "soon"]', '["published_at", "during", "last 0 days"]',
        '["published_at", "during", 7]', '["users", "at_least", -1]', '["users", "at_most", "many"]',
        '["users", "in", "me"]', '["id", "in", ["me"]]',
        '["content", "null"]', '{"any": []}', '{"all": [["id", "equals", 1]], "all": []}', '["title", "empty", "x"]',
        '["published_at", "on", "2026-W05-6"]', '["published_at", "on", 20260101]',
        json.dumps({"any": [["id", "in", list(range(999))]] * 3}), json.dumps(["title", "contains", "a" * 501]),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("english")
def test_what_cannot_be_understood_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_where(text, ATTRIBUTES)
    assert refusal.value.message.endswith((".", "}."))


NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("today", "2026-11-22", "2026-11-22"),
        ("yesterday", "2026-11-21", "2026-11-21"),
        ("this week", "2026-11-16", "2026-11-22"),
        ("next week", "2026-11-23", "2026-11-29"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("this quarter", "2026-10-01", "2026-12-31"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("last 1 day", "2026-11-22", "2026-11-22"),
        ("last 7 days", "2026-11-16", "2026-11-22"),
        ("next 2 weeks", "2026-11-22", "2026-12-05"),
        ("last 3 months", "2026-08-23", "2026-11-22"),
    ],
)
def test_relative_dates_are_whole_days_of_the_persons_zone(words: str, first: str, last: str) -> None:
    asker = Asker(NOW, ZoneInfo("Asia/Shanghai"))
    column = attribute(Article, "published_at")
    span = span_of(parse_period(words, column.kind), column, asker)
    ends = (date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))
    assert (span.start, span.end) == tuple(datetime.combine(day, time(), tzinfo=asker.zone) for day in ends)


def test_hours_count_from_the_moment_itself() -> None:
    column = attribute(Article, "published_at")
    span = span_of(parse_period("last 24 hours", column.kind), column, Asker(NOW, ZoneInfo("Asia/Shanghai")))
    assert (span.start, span.end) == (NOW - timedelta(hours=24), NOW)


def test_the_ends_of_time_are_no_ends() -> None:
    column = attribute(Article, "published_at")
    span = span_of(parse_period("last 9999 years", column.kind), column, Asker(NOW, ZoneInfo("Asia/Shanghai")))
    assert span.start is None
    assert span_of(date.max, column, Asker()).end is None


def test_me_without_a_record_is_nobody(titles: Any, library: dict[str, Any]) -> None:
    assert titles(["user", "in", ["me"]]) == set()
    assert titles(["user", "in", ["me", library["ada"].id]]) == {"三体 100%"}
    assert titles(["user", "not_in", ["me"]]) == {"三体 100%", "plain_text", "Alone"}
    assert titles(["user", "in", ["me"]], Asker(me=lambda _model: (library["bob"].id,))) == {"plain_text"}


def test_links_are_asked_of_their_table_alone() -> None:
    for condition in (["users", "in", [5]], ["users", "at_least", 3], ["users", "empty"]):
        statement = str(sa.select(Article.id).where(group_of(condition, ATTRIBUTES).predicate(Asker())))
        assert "info_user_collection" in statement
        assert "FROM user" not in statement.replace('"', "")
        assert "count" not in statement.lower()


def test_an_equal_text_is_looked_up_by_its_index(session: Session, backend: str) -> None:
    for n in range(200):
        session.add(Article(title=f"{n} things", content=""))
    session.commit()
    for condition in (["title", "equals", "7 things"], ["title", "in", ["7 things", "8 things"]]):
        statement = sa.select(Article.id).where(group_of(condition, ATTRIBUTES).predicate(Asker()))
        sql = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if backend == "sqlite" else "EXPLAIN"
        if backend == "postgresql":
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        plan = str(session.execute(sa.text(f"{explain} {sql}".replace(":", r"\:"))).all())
        assert "ix_article_title" in plan, plan


def test_a_bare_list_of_conditions_stands_for_all_of_them(titles: Any, library: dict[str, Any]) -> None:
    conditions = [["title", "not_empty"], {"not": ["published", "is", True]}]
    assert titles(conditions) == titles({"all": conditions})


@pytest.mark.parametrize("character", ["x", "中"])
def test_a_filter_that_fits_in_no_address_is_refused_before_it_is_read(character: str) -> None:
    """Every link of a list repeats it."""
    values = [character * 400] * 40
    for where in ({"all": [["content", "in", values]]}, {"any": [["content", "contains", value] for value in values]}):
        text = json.dumps(where, ensure_ascii=False)
        with pytest.raises(BadInput, match="too long for an address"):
            parse_where(text, ATTRIBUTES)
        with pytest.raises(BadInput, match="too long for an address"):
            group_of(where, ATTRIBUTES)
    keys = [["users", "in", list(range(1, 900))]]
    assert parse_where(json.dumps(keys, separators=(",", ":")), ATTRIBUTES).conditions() == 1
