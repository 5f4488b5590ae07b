"""The first page of a search is the same however it is found, and says how many rows there are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.database import effort
from backoffice.database.asking import Asker
from backoffice.database.attributes import attribute
from backoffice.database.counting import Count, count
from backoffice.database.filtering import parse_where
from backoffice.database.first_hits import FirstHits
from backoffice.database.paging import Place, Reader, Window
from backoffice.database.searching import is_indexed
from backoffice.database.selection import Selection
from backoffice.database.sorting import SortKey
from backoffice.database.vocabulary import Vocabulary
from backoffice.models import Article, User
from tests.factories import NOON, make_user
from tests.pages import row_keys
from tests.slowness import slow_condition

pytestmark = pytest.mark.usefixtures("english")

NAMES = ("id", "title", "published_at", "version", "user.username")
VOCABULARY = Vocabulary(
    Article,
    searchable={"title": attribute(Article, "title")},
    filterable={"title": attribute(Article, "title"), "id": attribute(Article, "id")},
    sortable={name: attribute(Article, name) for name in NAMES},
    default_sort=(SortKey("id", descending=True),),
)
SIZE = 4
ORDERS = [(), *((SortKey(name, descending),) for name in NAMES for descending in (False, True))]


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that forty rows are many."""
    monkeypatch.setattr(effort, "CAP", 5)
    monkeypatch.setattr(effort, "LOOKED_UP", 3)
    monkeypatch.setattr(effort, "PROBED", 16)


@pytest.fixture(params=[(5, 3), (12, 8), (100, 100)])
def cap(bounds: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many are counted, and looked up, so that forty rows are many, or few."""
    counted, looked_up = request.param
    monkeypatch.setattr(effort, "CAP", counted)
    monkeypatch.setattr(effort, "LOOKED_UP", looked_up)
    return int(counted)


@pytest.fixture
def articles(session: Session) -> list[Article]:
    """Forty: "common" stands in every second title, "older" in the first half's, "rare" in three.

    Some have two words that begin alike, and so are found twice.
    """
    authors = [make_user(session) for _ in range(3)]
    made = []
    for n in range(40):
        words = [f"No {n}"] + ["common"] * (n % 2) + ["older"] * (n < 20) + ["rare"] * (n in (3, 18, 30))
        words += ["commonly"] * (n % 4 == 1) + ["rarely"] * (n in (3, 30))
        when = NOON if n % 3 else None
        made.append(Article(title=" ".join(words), content="", user=authors[n % 3], published_at=when))
    # The search for them names these exactly, and finds the others.
    session.add_all([*made, *(Article(title="rare", content="", published_at=when) for when in (None, NOON))])
    session.commit()
    return made


def selection(session: Session, search: str, sort: tuple[SortKey, ...] = (), where: str = "") -> Selection:
    tree = parse_where(where, VOCABULARY.filterable) if where else None
    assert is_indexed(session, VOCABULARY)
    return Selection(VOCABULARY, sa.select(Article), Asker(), search=search, where=tree, sort=sort, indexed=True)


def read(session: Session, asked: Selection) -> tuple[Window, Count]:
    window = Reader(session, asked, secret="s", per_page=SIZE, seconds=60).read(Place())
    return window, count(session, asked, window)


def honest(total: int, cap: int, *, whole: bool) -> Count:
    """What is said of so many rows; a page that is the whole list shows how many they are."""
    return Count(total) if whole or total <= cap else Count(cap, "at-least")


@pytest.mark.parametrize("search", ["common", "rare", "17"])
def test_what_cannot_be_counted_in_time_is_found_all_the_same(
    session: Session,
    articles: list[Article],
    backend: str,
    monkeypatch: pytest.MonkeyPatch,
    count_statements: Callable[[], AbstractContextManager[list[str]]],
    search: str,
) -> None:
    right, counted = read(session, selection(session, search))
    hits = FirstHits._hits
    monkeypatch.setattr(FirstHits, "_hits", lambda self: hits(self).where(slow_condition(backend)))
    with count_statements() as statements:
        window, seen = read(session, selection(session, search))
    assert len(statements) <= 3
    assert [a.id for a in window.rows] == [a.id for a in right.rows]
    assert seen == (Count(SIZE + 1, "at-least") if right.has_next else counted)


@pytest.mark.parametrize("sort", ORDERS, ids=lambda sort: ",".join(map(str, sort)) or "default")
def test_the_page_and_the_count_are_those_of_the_whole_list(
    session: Session, articles: list[Article], sort: tuple[SortKey, ...], cap: int
) -> None:
    for search in ("common", "rare", "older", "nothing", "common older", "17"):
        compare_with_the_whole_list(session, search, sort, cap)


def compare_with_the_whole_list(session: Session, search: str, sort: tuple[SortKey, ...], cap: int) -> None:
    asked = selection(session, search, sort)
    dialect = session.get_bind().dialect.name
    everything = list(session.scalars(asked.ordered(dialect)).unique())
    if not sort:
        everything.sort(key=lambda a: a.title != search and str(a.id) != search)
    plain = replace(asked, indexed=False)
    assert {a.id for a in everything} == {a.id for a in session.scalars(plain.rows(dialect))}
    window, counted = read(session, asked)
    assert [a.id for a in window.rows] == [a.id for a in everything[:SIZE]]
    assert counted == honest(len(everything), cap, whole=not window.has_next)
    seen = [a.id for a in window.rows]
    while window.has_next:
        window = Reader(session, asked, secret="s", per_page=SIZE, seconds=60).read(Place(after=window.after))
        seen += [a.id for a in window.rows]
    assert seen == [a.id for a in everything]


FILTERED = [
    ("common", '["title","contains","older"]'),
    ("common", '["title","contains","No 1"]'),
    ("rare", '["id","greater",0]'),
    ("rare", '["title","equals","rare"]'),
    ("common", '["title","contains","nowhere"]'),
    ("nothing", '["id","greater",0]'),
    ("17", '["id","greater",0]'),
    ("common older", '["id","greater",0]'),
    ("commonly older", '["title","contains","No 1"]'),
]


@pytest.mark.parametrize("names", [True, False], ids=["named", "nothing named"])
@pytest.mark.parametrize("order", ORDERS[:4], ids=lambda sort: ",".join(map(str, sort)) or "default")
def test_a_filter_narrows_what_is_found(
    session: Session,
    articles: list[Article],
    order: tuple[SortKey, ...],
    cap: int,
    monkeypatch: pytest.MonkeyPatch,
    count_statements: Callable[[], AbstractContextManager[list[str]]],
    names: bool,
) -> None:
    if not names:
        monkeypatch.setattr("backoffice.database.selection.exact", lambda _text, _vocabulary: None)
    for search, where in FILTERED:
        asked = selection(session, search, order, where)
        right = list(session.scalars(asked.ordered(session.get_bind().dialect.name)))
        with count_statements() as statements:
            window, counted = read(session, asked)
        if cap == 100 and right:
            assert len(statements) == 1, (search, where)
        assert [a.id for a in window.rows] == [a.id for a in right[:SIZE]], (search, where)
        assert window.has_next == (len(right) > SIZE)
        if counted.is_exact:
            assert counted.value == len(right), (search, where)
        else:
            assert min(cap, SIZE) <= counted.value <= len(right), (search, where)
            assert len(right) > min(cap, effort.LOOKED_UP, SIZE)


def test_a_row_in_which_a_word_stands_three_times_counts_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {name: attribute(User, name) for name in ("username", "email", "name", "id")}
    order = (SortKey("id", descending=True),)
    searched = {name: found for name, found in columns.items() if name != "id"}
    vocabulary = Vocabulary(User, searched, filterable=columns, sortable=columns, default_sort=order)
    for n in range(SIZE + 1):
        make_user(session, username=f"robin{n}", email=f"robin{n}@example.com", name=f"Robin {n}")
    session.commit()
    monkeypatch.setattr(effort, "LOOKED_UP", SIZE + 2)
    tree = parse_where('["id","greater",0]', columns)
    for sort in ((), order):
        asked = Selection(vocabulary, sa.select(User), Asker(), search="robin", where=tree, sort=sort, indexed=True)
        assert read(session, asked)[1] == Count(SIZE + 1)


def test_a_search_costs_at_most_five_statements(
    sign_in: Callable[..., FlaskClient],
    session: Session,
    articles: list[Article],
    count_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    admin = sign_in("admin")
    questions = [
        (search, order, where)
        for search in ("common", "rare", "older", "nothing")
        for order in ("", "title")
        for where in ("", '["title","contains","older"]')
    ]
    for search, order, where in questions:
        question = {"page_size": "10", "search": search, "sort": order, "where": where}
        admin.get("/admin/article/", query_string=question)
        with count_statements() as statements:
            page = admin.get("/admin/article/", query_string=question)
        assert len(statements) <= 5, (question, statements)
        assert bool(row_keys(page.text)) is (search != "nothing"), question
