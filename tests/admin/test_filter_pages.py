"""The page that adds a condition, asked by hand: long addresses, long names, keys that look like numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from backoffice.admin import add_view
from backoffice.admin.record_view import RecordView
from backoffice.extensions import db
from tests.factories import make_user

FILTER = "/admin/article/filter/"


class Base(DeclarativeBase):
    """Tables of these tests alone."""


class Shelf(Base):
    """A record whose key is a text."""

    __tablename__ = "shelf"

    code: Mapped[str] = mapped_column(sa.String(10), primary_key=True)

    def __str__(self) -> str:
        return self.code


class Volume(Base):
    """Stands on a shelf."""

    __tablename__ = "volume"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_code: Mapped[str] = mapped_column(sa.ForeignKey("shelf.code"))
    shelf: Mapped[Shelf] = relationship()


class ShelfView(RecordView):
    """Its key is shown."""

    column_list = ("code",)


class VolumeView(RecordView):
    """Can be asked for its shelf."""

    column_list = ("id", "shelf")
    column_filters = ("id", "shelf")


@pytest.fixture
def shelves(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The application with volumes on shelves."""
    app = make_app()
    [admin] = app.extensions["admin"]
    for view in (VolumeView(Volume, db), ShelfView(Shelf, db)):
        add_view(app, admin, view)
    with app.app_context():
        engine = db.engine
    Base.metadata.create_all(engine)
    yield app
    Base.metadata.drop_all(engine)


def added(client: FlaskClient, path: str, column: str, operator: str, value: str) -> list[object]:
    """The condition that the small form adds."""
    sent = {"filter_column": column, "filter_operator": operator, "filter_value": value}
    answer = client.get(path, query_string=sent)
    assert answer.status_code == 303
    [where] = parse_qs(urlsplit(answer.location).query)["where"]
    [condition] = json.loads(where)["all"]
    return list(condition)


@pytest.mark.parametrize("number", [101, 5000])
def test_an_address_of_more_arguments_than_a_list_has_is_refused(admin: FlaskClient, number: int) -> None:
    for given in ("a=1", ""):
        answer = admin.get(FILTER, query_string={"list": "/admin/article/?" + "&".join([given] * number)})
        assert answer.status_code == 400
        assert "not the address of a list" in answer.text
    assert admin.get(FILTER, query_string={"list": "/admin/article/?" + "&".join(["a=1"] * 100)}).status_code == 200


def test_what_is_unknown_is_repeated_in_short(admin: FlaskClient) -> None:
    long = "x" * 3000
    for path, question in (
        (FILTER, {"column": long}),
        (FILTER, {"column": "title", "operator": long}),
        ("/admin/article/", {"page_size": long}),
    ):
        answer = admin.get(path, query_string=question)
        assert answer.status_code in (400, 404)
        assert "x" * 40 + "…" in re.findall(r"[“ ](x+…?)[” ]", answer.text)


def test_a_key_that_is_a_text_stays_one(shelves: Flask, sign_in: Callable[..., FlaskClient], session: Session) -> None:
    admin = sign_in("admin", app=shelves)
    session.add_all([Volume(id=1, shelf=Shelf(code="007")), Volume(id=2, shelf=Shelf(code="7"))])
    session.commit()
    for key in ("007", "7"):
        assert added(admin, "/admin/volume/", "shelf", "in", key) == ["shelf", "in", [key]]
    page = admin.get("/admin/volume/", query_string={"where": json.dumps({"all": [["shelf", "in", ["007"]]]})})
    assert 'data-pk="1"' in page.text
    assert 'data-pk="2"' not in page.text


def test_a_number_is_kept_as_one_only_where_it_is_written_the_same(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session)
    assert added(admin, "/admin/article/", "user", "in", str(ada.id)) == ["user", "in", [ada.id]]
    assert added(admin, "/admin/article/", "id", "equals", "7") == ["id", "equals", 7]
    assert added(admin, "/admin/article/", "id", "equals", "007") == ["id", "equals", "007"]
    assert added(admin, "/admin/article/", "users", "at_least", "3") == ["users", "at_least", 3]
