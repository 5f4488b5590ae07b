"""Searches of models that are not like ours: a family in one table, and keys of several columns of any type."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from backoffice.database import effort, search_index
from backoffice.database.attributes import attribute
from backoffice.database.counting import Count, count
from backoffice.database.paging import Place, Reader
from backoffice.database.selection import Selection
from backoffice.database.sorting import SortKey
from backoffice.database.vocabulary import Vocabulary
from backoffice.models import Model, SearchIndex
from backoffice.models.searchable import Searchable


class Base(DeclarativeBase):
    """A registry of its own: no migration knows these tables."""

    __table_args__: Any = Model.__table_args__


class Animal(Searchable, Base):
    """A family of models that share a table."""

    __tablename__ = "animal"
    __search__ = ("name",)
    __mapper_args__: Any = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[str] = mapped_column(sa.String(20))


class Dog(Animal):
    """One of them."""

    __mapper_args__: Any = {"polymorphic_identity": "dog"}


class Size(enum.Enum):
    """In no order of the alphabet."""

    SMALL = "small"
    LARGE = "large"


class Box(Searchable, Base):
    """Its key begins with a column that MySQL orders by number and not by name."""

    __tablename__ = "box"
    __search__ = ("label",)

    size: Mapped[Size] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[str] = mapped_column(sa.String(40))


@pytest.fixture
def tables(session: Session) -> Iterator[sa.Engine]:
    """The tables with their indexes, gone afterwards."""
    engine = session.get_bind().engine
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for model in (Animal, Box):
            search_index.finish(connection, model)
    yield engine
    session.rollback()
    with engine.begin() as connection:
        for model in (Animal, Box):
            for statement in search_index.dropping(engine.dialect.name, model.__tablename__):
                connection.execute(sa.text(statement))
            connection.execute(sa.delete(SearchIndex).where(SearchIndex.table_name == model.__tablename__))
    Base.metadata.drop_all(engine)


def read(session: Session, model: type[Any], column: str, *sort: SortKey, size: int = 3) -> tuple[list[Any], Count]:
    names = [attribute.key for attribute in sa.inspect(model).column_attrs if attribute.key != "search_tokens"]
    vocabulary = Vocabulary(
        model,
        searchable={column: attribute(model, column)},
        sortable={name: attribute(model, name) for name in names},
        default_sort=sort,
    )
    indexed = search_index.serves(session.get_bind().dialect.name, model.__table__)
    selection = Selection(vocabulary, sa.select(model), search="comet", indexed=indexed)
    window = Reader(session, selection, secret="s", per_page=size, seconds=60).read(Place())
    return list(window.rows), count(session, selection, window)


def test_of_a_family_in_one_table_only_its_own_are_found(
    session: Session, tables: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.add_all([Animal(name=f"comet {n}") for n in range(8)])
    session.flush()
    dog = Dog(name="comet")
    session.add(dog)
    session.commit()
    for looked_up in (4_000, 2):
        monkeypatch.setattr(effort, "LOOKED_UP", looked_up)
        for descending in (False, True):
            assert read(session, Dog, "name", SortKey("id", descending)) == ([dog], Count(1))
            found, counted = read(session, Animal, "name", SortKey("id", descending))
            assert len(found) == 3
            assert counted == Count(9)


def test_a_key_of_several_columns_orders_by_each(session: Session, tables: sa.Engine) -> None:
    session.add_all([Box(size=size, number=n, label="comet") for size in Size for n in range(1, 4)])
    session.commit()
    found, counted = read(session, Box, "label", SortKey("size"), SortKey("number", descending=True))
    assert counted == Count(6)
    assert [box.number for box in found] == [3, 2, 1]
    assert len({box.size for box in found}) == 1
    found, _counted = read(session, Box, "label", SortKey("number"), size=6)
    assert [box.number for box in found] == [1, 1, 2, 2, 3, 3]
