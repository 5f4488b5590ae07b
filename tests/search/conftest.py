"""Asking a search in each of the ways the product answers one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database import search_index
from backoffice.database.attributes import attribute
from backoffice.database.searching import is_indexed, matched, probed
from backoffice.database.vocabulary import Vocabulary
from backoffice.models import Article

Ask = Callable[..., set[int]]


def vocabulary(model: type[Any], *names: str) -> Vocabulary:
    """A list that searches these columns."""
    return Vocabulary(model, searchable={name: attribute(model, name) for name in names})


@pytest.fixture
def by_index(session: Session) -> Ask:
    """`by_index("foo", Article, "title")`: the ids found by the index, which has to be complete."""

    def ask(text: str, model: type[Any], *names: str) -> set[int]:
        asked = vocabulary(model, *names)
        assert is_indexed(session, asked)
        condition = matched(text, asked, session.get_bind().dialect.name, indexed=True)
        return set(session.scalars(sa.select(model).where(condition).with_only_columns(model.id)))

    return ask


@pytest.fixture
def by_rows(session: Session) -> Ask:
    """The same, each row looked at by itself."""

    def ask(text: str, model: type[Any], *names: str) -> set[int]:
        condition = probed(text, vocabulary(model, *names))
        assert condition is not None
        return set(session.scalars(sa.select(model).where(condition).with_only_columns(model.id)))

    return ask


@pytest.fixture(autouse=True)
def ask_anew() -> Iterator[None]:
    """What one test makes of an index is not remembered in the next."""
    search_index.forget_completeness()
    yield
    search_index.forget_completeness()


@pytest.fixture
def index(session: Session) -> Iterator[sa.Engine]:
    """The database, whose article index may be taken away: it is there again afterwards."""
    engine = session.get_bind().engine
    yield engine
    session.rollback()
    search_index.create(engine, Article.__table__)
