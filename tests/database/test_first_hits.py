"""The first page of a search is the same however it is found, and says how many rows there are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.database import first_hits, keyset
from backoffice.database.asking import Asker
from backoffice.database.attributes import attribute
from backoffice.database.counting import Count, count
from backoffice.database.filtering import parse_where
from backoffice.database.paging import Place, Reader, Window
from backoffice.database.searching import is_indexed
from backoffice.database.selection import Selection
from backoffice.database.sorting import SortKey
from backoffice.database.vocabulary import Vocabulary
from backoffice.models import Article
from tests.factories import NOON, make_article, make_user
from tests.pages import row_keys

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
def short_glances(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that forty rows are many."""
    monkeypatch.setattr(first_hits, "GLANCE", 8)
    monkeypatch.setattr(first_hits, "PROBED", 16)
    monkeypatch.setattr(keyset, "PROBED", 16)


@pytest.fixture
def articles(session: Session) -> list[Article]:
    """Forty: "common" stands in every second title, "older" in the first half's, "rare" in three."""
    authors = [make_user(session) for _ in range(3)]
    made = []
    for n in range(40):
        words = [f"No {n}"] + ["common"] * (n % 2) + ["older"] * (n < 20) + ["rare"] * (n in (3, 18, 30))
        when = NOON if n % 3 else None
        made.append(make_article(session, title=" ".join(words), user=authors[n % 3], published_at=when))
    # This is named exactly by the search for it, and the other is found by it.
    make_article(session, title="rare")
    make_article(session, title="rare", published_at=NOON)
    return made


def selection(session: Session, search: str, sort: tuple[SortKey, ...] = (), where: str = "") -> Selection:
    tree = parse_where(where, VOCABULARY.filterable) if where else None
    assert is_indexed(session, VOCABULARY)
    return Selection(VOCABULARY, sa.select(Article), Asker(), search=search, where=tree, sort=sort, indexed=True)


def read(session: Session, asked: Selection) -> tuple[Window, Count]:
    window = Reader(session, asked, secret="s", per_page=SIZE, seconds=60).read(Place())
    return window, count(session, asked, window)


@pytest.mark.parametrize("search", ["common", "rare", "older", "nothing", "common older", "17"])
@pytest.mark.parametrize("sort", ORDERS, ids=lambda sort: ",".join(map(str, sort)) or "default")
def test_the_page_and_the_count_are_those_of_the_whole_list(
    session: Session, articles: list[Article], search: str, sort: tuple[SortKey, ...]
) -> None:
    asked = selection(session, search, sort)
    dialect = session.get_bind().dialect.name
    everything = list(session.scalars(asked.ordered(dialect)).unique())
    if not sort:
        everything.sort(key=lambda a: a.title != search and str(a.id) != search)
    plain = replace(asked, indexed=False)
    assert {a.id for a in everything} == {a.id for a in session.scalars(plain.rows(dialect))}
    window, counted = read(session, asked)
    assert [a.id for a in window.rows] == [a.id for a in everything[:SIZE]]
    assert counted == Count(len(everything))
    seen = [a.id for a in window.rows]
    while window.has_next:
        window = Reader(session, asked, secret="s", per_page=SIZE, seconds=60).read(Place(after=window.after))
        seen += [a.id for a in window.rows]
    assert seen == [a.id for a in everything]


def test_a_filter_narrows_both_glance_and_index(session: Session, articles: list[Article]) -> None:
    for search, where in (("common", '["title","contains","older"]'), ("rare", '["id","greater",0]')):
        asked = selection(session, search, where=where)
        right = list(session.scalars(asked.ordered(session.get_bind().dialect.name)))
        window, counted = read(session, asked)
        assert [a.id for a in window.rows] == [a.id for a in right[:SIZE]]
        assert counted == Count(len(right))


@pytest.mark.parametrize("order", ["", "-id", "title"])
@pytest.mark.parametrize("search", ["common", "rare", "older", "nothing"])
def test_a_search_costs_at_most_five_statements(
    sign_in: Callable[..., FlaskClient],
    session: Session,
    articles: list[Article],
    count_statements: Callable[[], AbstractContextManager[list[str]]],
    search: str,
    order: str,
) -> None:
    admin = sign_in("admin")
    address = f"/admin/article/?page_size=10&search={search}&sort={order}"
    admin.get(address)
    with count_statements() as statements:
        page = admin.get(address)
    assert len(statements) <= 5, statements
    assert bool(row_keys(page.text)) is (search != "nothing")
