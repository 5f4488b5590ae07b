"""Filters: what they select, on every database, and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.database.attributes import attribute
from backoffice.database.filtering import group_of, parse_where, print_where
from backoffice.errors import BadInput
from backoffice.models import Article, User
from tests.factories import NOON, collect, make_article, make_user

ATTRIBUTES = {
    name: attribute(Article, name)
    for name in ("id", "title", "content", "user", "users", "published", "published_at", "user.name", "user.username")
}


@pytest.fixture
def titles(session: Session) -> Any:
    """Asks a filter and gives the titles it selects."""

    def ask(where: Any) -> set[str]:
        predicate = parse_where(json.dumps(where), ATTRIBUTES).predicate()
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
        (["published_at", "less", "2026-01-15T12:00:01"], {three}),
        (["published_at", "null"], {plain, alone}),
        (["published_at", "not_null"], {three}),
        (["user", "in", [key]], {three}),
        (["user", "not_in", [key]], {plain, alone}),
        (["user", "null"], {alone}),
        (["user", "not_null"], {three, plain}),
        (["users", "in", [library["bob"].id]], {three}),
        (["users", "empty"], {plain, alone}),
        (["users", "not_empty"], {three}),
        (["user.username", "contains", "ad"], {three}),
        (["user.name", "not_contains", "Ada"], {plain, alone}),
        (["user.name", "null"], {plain}),
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


conditions = st.one_of(
    st.tuples(st.just("title"), st.sampled_from(["contains", "not_equals"]), st.text("ab%_三", min_size=1, max_size=3)),
    st.tuples(st.just("id"), st.sampled_from(["less", "at_least", "not_equals"]), st.integers(-5, 50)),
    st.tuples(st.just("user"), st.sampled_from(["null", "not_null"])),
    st.tuples(st.just("user.name"), st.just("not_contains"), st.just("a")),
).map(list)
trees = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=8,
)


@given(trees)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_filter_and_its_opposite_share_out_all_rows(session: Session, tree: Any) -> None:
    if session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0:
        for n, title in enumerate(("a", "b%", "三_", "ab", "")):
            make_article(session, title=title, user=make_user(session, name="ab"[:n]) if n % 2 else None)
        make_article(session, user=make_user(session, name=None))
    group = group_of(tree, ATTRIBUTES)
    every = set(session.scalars(sa.select(Article.id)))
    chosen = set(session.scalars(sa.select(Article.id).where(group.predicate())))
    rest = set(session.scalars(sa.select(Article.id).where(group.predicate(negated=True))))
    assert chosen | rest == every
    assert not chosen & rest
    assert parse_where(print_where(group), ATTRIBUTES).source == group.source


def test_the_model_of_a_relation_is_found() -> None:
    assert attribute(Article, "user").related is User
