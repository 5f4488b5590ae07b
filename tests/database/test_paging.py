"""Paging by keyset: every row that stayed is seen exactly once, whatever the order and whoever writes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.database import paging
from backoffice.database.attributes import attribute
from backoffice.database.counting import Count, count
from backoffice.database.paging import Place, Reader, Window
from backoffice.database.selection import Selection
from backoffice.database.sorting import SortKey
from backoffice.database.time_limits import TooBroad, limited
from backoffice.database.vocabulary import Vocabulary
from backoffice.errors import BadInput
from backoffice.models import Article, Collection, User
from tests.everything import NEEDED, OTHER, PLAIN, Base, Everything, everything
from tests.factories import NOON, collect, make_article, make_articles, make_user
from tests.slowness import slow_condition

pytestmark = pytest.mark.usefixtures("english")

NAMES = ("id", "title", "published_at", "user.username", "published", "version")
VOCABULARY = Vocabulary(
    Article,
    searchable={"title": attribute(Article, "title")},
    sortable={name: attribute(Article, name) for name in NAMES},
    default_sort=(SortKey("id", descending=True),),
)


def reader(session: Session, sort: tuple[SortKey, ...], size: int, search: str = "") -> Reader:
    selection = Selection(VOCABULARY, sa.select(Article), search=search, sort=sort)
    return Reader(session, selection, secret="for tests", per_page=size, seconds=60)


@dataclass(frozen=True)
class Row:
    title: str
    day: int | None
    author: int | None


rows = st.builds(
    Row,
    st.sampled_from(["a", "A", "b", "", "三体", "😀"]),
    st.none() | st.integers(-1, 1),
    st.none() | st.integers(0, 1),
)
sorts = st.lists(st.builds(SortKey, st.sampled_from(NAMES), st.booleans()), max_size=3, unique_by=lambda key: key.name)
# What colleagues do between two pages: add rows, delete a seen one, an unseen one, or the very row one stands at.
events = st.lists(
    st.one_of(st.builds(lambda row: ("add", row), rows), st.tuples(st.just("delete"), st.integers(0, 50)))
)


def article(row: Row, authors: list[User]) -> Article:
    return Article(
        title=row.title,
        content="",
        published_at=None if row.day is None else NOON + timedelta(days=row.day),
        user_id=None if row.author is None else authors[row.author].id,
    )


@given(st.lists(rows, max_size=25), sorts, st.integers(1, 6), st.lists(events, max_size=12), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_that_stayed_is_seen_exactly_once(
    session: Session, rows: list[Row], sort: list[SortKey], size: int, meanwhile: list[Any], backward: bool
) -> None:
    session.execute(sa.delete(Article))
    session.execute(sa.delete(User))
    authors = [User(username=name, email=f"{name}@example.com") for name in ("ada", "Bob")]
    session.add_all(authors)
    session.flush()
    session.add_all(article(row, authors) for row in rows)
    session.commit()
    before = set(session.scalars(sa.select(Article.id)))

    pages = reader(session, tuple(sort), size)
    seen: list[int] = []
    # SQLite gives the key of a deleted row to a new one, which did not stay.
    gone: set[int] = set()
    window = pages.read(Place(last=True) if backward else Place())
    for _ in range(200):
        seen += [a.id for a in window.rows]
        for kind, what in meanwhile.pop(0) if meanwhile else []:
            present = sorted(session.scalars(sa.select(Article.id)))
            if kind == "add":
                session.add(article(what, authors))
            elif present:
                gone.add(present[what % len(present)])
                session.execute(sa.delete(Article).where(Article.id == present[what % len(present)]))
        session.commit()
        if not (window.before if backward else window.after):
            break
        moved = pages.read(Place(before=window.before) if backward else Place(after=window.after))
        # Where every row beyond has gone, the nearest page that is left answers; then the walk is over.
        if {a.id for a in moved.rows} & set(seen):
            seen += [a.id for a in moved.rows if a.id not in seen]
            break
        window = moved
    else:
        pytest.fail("the walk did not end")

    stayed = before - gone
    assert len(seen) == len(set(seen)), "a row was seen twice"
    assert stayed <= set(seen), "a row that stayed was not seen"


@given(st.lists(rows, min_size=1, max_size=20), sorts, st.integers(1, 5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_there_and_back_are_the_same_pages_and_positions(
    session: Session, rows: list[Row], sort: list[SortKey], size: int
) -> None:
    session.execute(sa.delete(Article))
    session.execute(sa.delete(User))
    authors = [User(username=name, email=f"{name}@example.com") for name in ("ada", "Bob")]
    session.add_all(authors)
    session.flush()
    session.add_all(article(row, authors) for row in rows)
    session.commit()
    pages = reader(session, tuple(sort), size)
    ordered = list(session.scalars(pages.keyset.selection.ordered(session.get_bind().dialect.name)))

    there = [pages.read(Place())]
    while there[-1].has_next:
        there.append(pages.read(Place(after=there[-1].after)))
    assert [a.id for window in there for a in window.rows] == [a.id for a in ordered]
    assert [window.first for window in there] == list(range(1, len(rows) + 1, size))
    for window in there[1:]:
        assert [a.id for a in pages.read(Place(position=window.first or 0)).rows] == ids(window)
    back = there[-1]
    for window in there[-2::-1]:
        back = pages.read(Place(before=back.before))
        assert (ids(back), back.first) == (ids(window), window.first)
    assert not back.has_previous
    assert ids(pages.read(Place(last=True))) == [a.id for a in ordered][-size:]


def ids(window: Window) -> list[int]:
    return [a.id for a in window.rows]


SORTABLE = [n for n in (*PLAIN, *NEEDED) if n.removesuffix("_needed") not in ("json", "pickle", "binary")]


@pytest.fixture
def all_kinds(session: Session) -> Iterator[Session]:
    """Rows with every kind of column: both values of each several times, and none."""
    engine = session.get_bind()
    Base.metadata.create_all(engine)
    for n in range(9):
        needed = {f"{name}_needed": value for name, value in OTHER.items()} if n % 2 else {}
        session.add(everything(**[{}, PLAIN, OTHER][n % 3], **needed))
    session.commit()
    yield session
    session.rollback()
    Base.metadata.drop_all(engine)


def test_every_kind_of_column_is_walked_both_ways(all_kinds: Session) -> None:
    columns = {name: attribute(Everything, name) for name in (*SORTABLE, "id")}
    vocabulary = Vocabulary(Everything, sortable=columns, default_sort=(SortKey("id"),))
    for name in SORTABLE:
        for descending in (False, True):
            selection = Selection(vocabulary, sa.select(Everything), sort=(SortKey(name, descending),))
            pages = Reader(all_kinds, selection, secret="s", per_page=2, seconds=60)
            dialect = all_kinds.get_bind().dialect.name
            ordered = [row.id for row in all_kinds.scalars(selection.ordered(dialect))]
            window, seen = pages.read(Place()), []
            seen += ids(window)
            while window.has_next:
                window = pages.read(Place(after=window.after))
                seen += ids(window)
            assert seen == ordered, name
            back = ids(window)
            while window.has_previous:
                window = pages.read(Place(before=window.before))
                back = ids(window) + back
            assert back == ordered, name


def test_positions_are_counted_from_the_end_too(session: Session) -> None:
    make_articles(session, 11)
    pages = reader(session, (), 4)
    last = pages.read(Place(last=True))
    before = pages.read(Place(before=last.before))
    assert [(w.first, w.last) for w in (last, before)] == [(-4, -1), (-8, -5)]
    again = pages.read(Place(after=before.after))
    assert (ids(again), again.first) == (ids(last), -4)


def test_a_position_that_was_noted_is_not_taken_for_a_count(session: Session) -> None:
    articles = make_articles(session, 10)
    pages = reader(session, (SortKey("id"),), 4)
    second = pages.read(Place(after=pages.read(Place()).after))
    session.execute(sa.delete(Article).where(Article.id.in_([a.id for a in articles[:3]])))
    session.commit()
    third = pages.read(Place(after=second.after))
    assert (len(third.rows), third.has_next) == (2, False)
    assert count(session, pages.keyset.selection, third) == Count(7)


def test_a_composite_key_is_walked_too(session: Session) -> None:
    readers = [make_user(session) for _ in range(3)]
    articles = make_articles(session, 5)
    for person in readers:
        collect(session, person, articles, collected_at=NOON)
    vocabulary = Vocabulary(Collection, default_sort=(SortKey("collected_at", True),),
                            sortable={"collected_at": attribute(Collection, "collected_at")})  # fmt: skip
    pages = Reader(session, Selection(vocabulary, sa.select(Collection)), secret="s", per_page=4, seconds=60)
    window, seen = pages.read(Place()), []
    while True:
        seen += [(link.user_id, link.article_id) for link in window.rows]
        if not window.has_next:
            break
        window = pages.read(Place(after=window.after))
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 15


def test_what_is_named_exactly_comes_first_and_once(session: Session) -> None:
    named = make_article(session, title="7")
    others = [make_article(session, title=f"7 of {n}") for n in range(9)]
    pages = reader(session, (), 4, search="7")
    window, seen = pages.read(Place()), []
    while True:
        seen += ids(window)
        if not window.has_next:
            break
        window = pages.read(Place(after=window.after))
    assert sorted(seen) == sorted([named.id, *(a.id for a in others)])
    assert seen[0] == named.id or named.id not in seen[:1]


@pytest.mark.parametrize("text", ["x", "AAAA", "é", "=" * 50, "a" * 5000])
def test_a_cursor_that_was_not_made_here_is_refused(session: Session, text: str) -> None:
    with pytest.raises(BadInput, match="first page"):
        reader(session, (), 4).read(Place(after=text))


def test_a_cursor_is_good_for_its_own_order_and_secret_only(session: Session) -> None:
    make_articles(session, 9)
    after = reader(session, (), 4).read(Place()).after
    assert reader(session, (), 4).read(Place(after=after)).rows
    for other in (
        reader(session, (SortKey("title"),), 4),
        Reader(session, Selection(VOCABULARY, sa.select(Article)), secret="another", per_page=4, seconds=60),
    ):
        with pytest.raises(BadInput):
            other.read(Place(after=after))


def test_a_cursor_shows_nothing_of_the_row_it_stands_for(session: Session) -> None:
    make_article(session, title="a title nobody may see")
    make_article(session, title="z")
    after = reader(session, (SortKey("title"),), 1).read(Place()).after
    assert "title" not in after
    narrow = Selection(VOCABULARY, sa.select(Article).where(Article.title == "z"), sort=(SortKey("title"),))
    seen = Reader(session, narrow, secret="for tests", per_page=1, seconds=60).read(Place(after=after))
    assert [a.title for a in seen.rows] == ["z"]


def test_a_page_of_several_statements_has_one_time_limit(
    session: Session, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows with a value and those without are asked for apart."""
    make_article(session)
    slow = Selection(VOCABULARY, sa.select(Article).where(slow_condition(backend)), sort=(SortKey("published_at"),))
    told: list[float] = []
    monkeypatch.setattr(paging, "limited", lambda statement, seconds: told.append(seconds) or limited(statement, 0.2))
    now = iter([0.0, 0.0, 0.0, 3.0, 6.0])
    monkeypatch.setattr(paging, "monotonic", lambda: next(now))
    found = Reader(session, replace(slow, scope=sa.select(Article)), secret="s", per_page=5, seconds=5).read(Place())
    assert len(found.rows) == 1
    assert told == [5, 2]
    late = iter([0.0, 0.0, 5.0])
    monkeypatch.setattr(paging, "monotonic", lambda: next(late))
    with pytest.raises(TooBroad):
        Reader(session, slow, secret="s", per_page=5, seconds=5).read(Place())
