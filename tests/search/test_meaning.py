"""What a search finds: the same by the index, row by row, and as plain Python says it, on every database."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.database.searching import exact, is_indexed, matched, probed
from backoffice.models import Article, Collection, User
from backoffice.models.tokens import MOST_CHARACTERS, phrases, tokens
from tests.factories import collect, make_article, make_user
from tests.search.conftest import Ask, vocabulary
from tests.search.plainly import finds

# Few of each kind, so that a search often finds something, and every kind beside every other.
ALPHABET = "abAB1 2éÉœßж Жя三体黑が가ｱ😀👍🏽%_\"'+-*~<>()@#/\\& ​́️"
WORDS = st.text(ALPHABET, max_size=12) | st.lists(
    st.sampled_from(
        ["foo", "Foo", "foobar", "三体", "三体问题", "体问", "AND", "NOT", "OR", "NEAR", "c++", "100%", "x_y"]
    ),
    max_size=4,
).map(" ".join)
ORDINARY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@ORDINARY
@given(titles=st.lists(WORDS, min_size=1, max_size=6), searches=st.lists(WORDS, min_size=1, max_size=6))
@example(titles=["三体 100%", "1000"], searches=["100%", "体", "三体", "1", "100", "%"])
@example(titles=["NOT +a -b AND c"], searches=["-b", "NOT", "a AND", "+a", "NEAR", "*"])
def test_three_ways_of_searching_titles_agree(
    session: Session, by_index: Ask, by_rows: Ask, titles: list[str], searches: list[str]
) -> None:
    rows = put(session, Article, [{"title": title} for title in titles])
    for search in [*searches, *titles]:
        expected = {key for key, title in zip(rows, titles, strict=True) if finds(search, title)}
        assert by_rows(search, Article, "title") == expected, (search, titles)
        assert by_index(search, Article, "title") == expected, (search, titles)


@ORDINARY
@given(people=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4), searches=st.lists(WORDS, max_size=6))
def test_words_may_stand_in_different_columns_but_each_in_one(
    session: Session, by_index: Ask, by_rows: Ask, people: list[tuple[str, str]], searches: list[str]
) -> None:
    rows = put(
        session,
        User,
        [{"username": f"{n} {one}", "email": f"{n}@example.com", "name": two} for n, (one, two) in enumerate(people)],
    )
    for search in searches:
        for names in (("username", "email", "name"), ("name",)):
            texts = [
                [{"username": f"{n} {one}", "email": f"{n}@example.com", "name": two}[name] for name in names]
                for n, (one, two) in enumerate(people)
            ]
            expected = {key for key, found in zip(rows, texts, strict=True) if finds(search, *found)}
            assert by_rows(search, User, *names) == expected, (search, people, names)
            assert by_index(search, User, *names) == expected, (search, people, names)


def put(session: Session, model: type[Any], values: list[dict[str, Any]]) -> list[int]:
    """Only these rows; their keys."""
    session.execute(sa.delete(model))
    records = [model(**given) for given in values]
    session.add_all(records)
    session.commit()
    return [record.id for record in records]


def test_a_word_is_found_where_a_word_begins_and_chinese_anywhere(session: Session, by_index: Ask) -> None:
    titles = ["Foobar in Łódź", "三体问题", "Crème brûlée, 100%", "e-mail for ｆｕｌｌ width", "👍🏽 done"]
    keys = dict(zip(put(session, Article, [{"title": title} for title in titles]), titles, strict=True))
    for search, found in {
        "foo": [0], "FOOBAR": [0], "bar": [], "łó": [0], "体问": [1], "题": [1], "三题": [], "creme bru": [2],
        "100%": [2], "10%": [], "e-mail": [3], "email": [], "full": [3], "👍": [4], "foo in": [0], "foo 三": [],
        '"': [], "foobar*": [], "+foobar": [], "done 👍🏽": [4],
    }.items():  # fmt: skip
        assert {keys[key] for key in by_index(search, Article, "title")} == {titles[n] for n in found}, search


def test_texts_of_other_tables_are_found_by_their_own_index(session: Session, by_index: Ask, by_rows: Ask) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    three, dark = make_article(session, title="三体"), make_article(session, title="Dark forest of ada")
    for user, article in ((ada, three), (bob, dark), (bob, three)):
        collect(session, user, article)
    asked = vocabulary(Collection, "user.username", "article.title")
    assert is_indexed(session, asked)
    for search, expected in {
        "ada": {(ada.id, three.id), (bob.id, dark.id)},
        "ada 体": {(ada.id, three.id)},
        "bob for": {(bob.id, dark.id)},
        "example": set(),
    }.items():
        for condition in (
            matched(search, asked, session.get_bind().dialect.name, indexed=True),
            probed(search, asked),
            matched(search, asked, session.get_bind().dialect.name, indexed=False),
        ):
            found = session.execute(sa.select(Collection.user_id, Collection.article_id).where(condition))
            assert {tuple(row) for row in found} == expected, search


def test_rows_that_are_named_by_key_or_text_are_found_exactly(session: Session) -> None:
    user = make_user(session, username="ada", email="ada@example.com", name="Ada Lovelace")
    make_user(session, username="ada2", name="ada")
    asked = vocabulary(User, "username", "email", "name")

    def named(text: str) -> set[int]:
        condition = exact(text, asked)
        return set() if condition is None else set(session.scalars(sa.select(User.id).where(condition)))

    assert named("ada") == named("ada@example.com") == named(str(user.id)) == {user.id}
    assert named("ad") == named("%") == named("Ada Lovelace") == set(), "names have no index to find them by"


def test_without_a_complete_index_the_plain_text_is_searched(session: Session) -> None:
    make_article(session, title="Foobar")
    asked = vocabulary(Article, "title", "content")
    assert not is_indexed(session, asked), "content keeps no tokens"
    assert probed("bar", asked) is None
    condition = matched("bar", asked, session.get_bind().dialect.name, indexed=False)
    assert session.scalar(sa.select(Article.title).where(condition)) == "Foobar"


@pytest.mark.sqlite_only
@given(st.text(), st.text())
@settings(deadline=None)
def test_tokens_are_plain_words_that_no_index_drops(text: str, search: str) -> None:
    for token in tokens([text, search]).split():
        assert token.isascii()
        assert token.isalnum()
        assert 3 <= len(token) < 84, "innodb_ft_min_token_size and innodb_ft_max_token_size"
    for phrase in phrases(search):
        assert phrase.strong or phrase.weak


@pytest.mark.sqlite_only
def test_very_long_words_and_texts_are_kept_within_bounds() -> None:
    assert finds_by_tokens("a" * 70, "a" * 100)
    assert not finds_by_tokens("a" * 70 + "b", "a" * 100)
    assert len(tokens(["三体" * 200_000])) <= MOST_CHARACTERS


def finds_by_tokens(search: str, text: str) -> bool:
    [phrase] = phrases(search)
    return " " + " ".join("a" + token for token in phrase.tokens) in tokens([text])
