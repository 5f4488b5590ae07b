"""The order of lists: the same on every database, and never with overlapping pages."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import attribute
from backoffice.database.sorting import apply_sort, parse_sort
from backoffice.errors import BadInput
from backoffice.models import Article
from tests.factories import NOON, make_article, make_user

SORTABLE = {name: attribute(Article, name) for name in ("id", "title", "published_at", "user.username")}


def ordered(session: Session, sort: str) -> list[int]:
    dialect = session.get_bind().dialect.name
    statement = apply_sort(sa.select(Article.id), Article, parse_sort(sort, SORTABLE), SORTABLE, dialect)
    return list(session.scalars(statement))


def test_rows_without_a_value_stand_first_going_up_and_last_going_down(session: Session) -> None:
    late = make_article(session, published_at=NOON)
    none = make_article(session)
    assert ordered(session, "published_at") == [none.id, late.id]
    assert ordered(session, "-published_at") == [late.id, none.id]


def test_equal_rows_keep_one_order_by_key_in_the_direction_of_the_sort(session: Session) -> None:
    ids = [make_article(session, title="same").id for _ in range(5)]
    assert ordered(session, "title") == ids
    assert ordered(session, "-title") == ids[::-1]


def test_a_list_is_sorted_by_several_columns_and_by_a_related_one(session: Session) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    rows = [make_article(session, title=t, user=u) for t, u in (("x", bob), ("y", ada), ("x", ada), ("z", None))]
    x_bob, y_ada, x_ada, z_none = (row.id for row in rows)
    assert ordered(session, "user.username,-title") == [z_none, y_ada, x_ada, x_bob]
    assert ordered(session, "title,-user.username") == [x_bob, x_ada, y_ada, z_none]


@pytest.mark.usefixtures("english")
def test_a_column_that_cannot_be_sorted_by_is_named() -> None:
    with pytest.raises(BadInput, match="content"):
        parse_sort("title,content", SORTABLE)
