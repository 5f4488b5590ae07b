"""Pasted lists: how they are read, and which records their lines mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.database.attributes import attribute
from backoffice.database.naming import MOST_OF_A_NAME, Meant, who_is_meant
from backoffice.database.pasted import MOST, read_pasted
from backoffice.errors import BadInput
from backoffice.models import Article, Collection, User
from tests.everything import Parcel
from tests.factories import make_article, make_articles, make_user

pytestmark = pytest.mark.usefixtures("english")
NAMES = st.text(st.characters(exclude_categories=["Cs", "Zl", "Zp", "Zs", "Cc", "Cf", "Nd"]), min_size=1, max_size=12)
BLANKS = st.text(" \t\u3000\ufeff", max_size=3)


@given(st.lists(st.tuples(BLANKS, NAMES, BLANKS, st.sampled_from(["\n", "\r\n", "\r", "\n\n \n"]))))
def test_every_line_is_a_name_and_counts_once(lines: list[tuple[str, str, str, str]]) -> None:
    found = read_pasted("".join("".join(line) for line in lines), Article)
    names = [name for _before, name, _after, _end in lines]
    assert found.texts == tuple(dict.fromkeys(names))
    assert found.repeated == len(names) - len(found.texts)


@given(
    st.lists(st.integers(1, 10**9), min_size=1), st.sampled_from([",", ", ", "; ", "\t", " ", "，", "；", "\n", ",\n"])
)
def test_keys_stand_between_any_signs(keys: list[int], sign: str) -> None:
    assert read_pasted(sign.join(map(str, keys)), Article).texts == tuple(dict.fromkeys(map(str, keys)))


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    found = read_pasted(text, Article)
    assert all(part.strip() == part and part for part in found.texts if part.isascii() and part.isprintable())


@pytest.mark.parametrize(
    ("text", "model", "texts"),
    [
        ("Hello, world", Article, ("Hello, world",)),
        ("12, many", Article, ("12, many",)),
        ("1984", Article, ("1984",)),
        ("3,12\n4,5", Collection, ("3,12", "4,5")),
        (f"{'0' * 32}\t{'1' * 32}", Parcel, ("0" * 32, "1" * 32)),
    ],
)
def test_a_line_is_taken_apart_only_where_all_of_it_are_keys(text: str, model: Any, texts: tuple[str, ...]) -> None:
    assert read_pasted(text, model).texts == texts


def test_five_thousand_lines_are_taken_and_no_more() -> None:
    lines = [f"Title {number}" for number in range(MOST)]
    assert len(read_pasted("\n".join(lines * 2), Article).texts) == MOST
    for text in ("\n".join([*lines, "one more"]), "x" * 10**7):
        with pytest.raises(BadInput, match="Paste it in parts"):
            read_pasted(text, Article)


def meant(session: Session, texts: list[str], model: Any = Article, names: tuple[str, ...] = ("title",)) -> Meant:
    return who_is_meant(session, sa.select(model), model, [attribute(model, name) for name in names], texts)


def test_a_text_means_the_record_of_this_key_or_of_this_very_name(session: Session) -> None:
    one, two = make_article(session, title="三体"), make_article(session, title="Bridges, and beams")
    accented = make_article(session, title="Étude")
    found = meant(session, [str(one.id), "Bridges, and beams", "Étude", "nobody", "a\0b", "\ud800", "9" * 30])
    assert found.one == {str(one.id): (one.id,), "Bridges, and beams": (two.id,), "Étude": (accented.id,)}
    assert found.none == ["nobody", "a\0b", "\ud800", "9" * 30]


def test_a_name_of_several_is_several_and_so_is_a_key_that_is_anothers_name(session: Session) -> None:
    twins = make_articles(session, 1, title="Twice") + make_articles(session, 1, title="Twice")
    keyed = make_article(session)
    named = make_article(session, title=str(keyed.id))
    found = meant(session, ["Twice", str(keyed.id)])
    assert {text: set(keys) for text, keys in found.several.items()} == {
        "Twice": {(twin.id,) for twin in twins},
        str(keyed.id): {(keyed.id,), (named.id,)},
    }


def test_case_is_as_the_database_has_it_where_nothing_bears_the_very_text(session: Session, backend: str) -> None:
    upper, lower = make_article(session, title="Ada"), make_article(session, title="ada")
    grace = make_article(session, title="Grace")
    found = meant(session, ["Ada", "ada", "GRACE", "grace"])
    assert (found.one["Ada"], found.one["ada"]) == ((upper.id,), (lower.id,))
    folds = backend == "mysql"
    assert found.none == ([] if folds else ["GRACE", "grace"])
    assert {found.one.get(text) for text in ("GRACE", "grace")} == {(grace.id,) if folds else None}


def test_any_unique_column_names_a_record(session: Session) -> None:
    ada = make_user(session, username="ada", email="ada@example.com")
    found = meant(session, ["ada", "ada@example.com"], User, ("username", "email"))
    assert found.one == {"ada": (ada.id,), "ada@example.com": (ada.id,)}


def test_thousands_of_lines_take_a_handful_of_statements(session: Session, count_statements: Callable[[], Any]) -> None:
    articles = make_articles(session, 2000)
    texts = [f"Article {n}" for n in range(1, 2001)] + [str(article.id) for article in articles]
    with count_statements() as statements:
        found = meant(session, [*texts, *(f"nobody {n}" for n in range(1000))])
    assert (len(found.one), len(found.none), len(found.several)) == (4000, 1000, 0)
    assert len(statements) <= 20


def test_a_name_that_thousands_bear_is_not_read_to_its_end(
    session: Session, count_statements: Callable[[], Any]
) -> None:
    session.execute(sa.insert(Article), [{"title": "Untitled", "content": ""} for _ in range(3000)])
    make_articles(session, 50)
    with count_statements() as statements:
        found = meant(session, ["Untitled", *(f"Article {n}" for n in range(1, 51))])
    assert len(found.one) == 50
    assert len(found.several["Untitled"]) == MOST_OF_A_NAME + 1
    assert len(statements) <= 30
