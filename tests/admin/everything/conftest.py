"""The application with views of the models that have everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin import add_view
from backoffice.admin.record_view import RecordView
from backoffice.extensions import db
from tests.admin.everything.shared import COLUMNS
from tests.everything import OTHER, PLAIN, Base, Everything, Parcel, everything

APPS: dict[str, Flask] = {}


class EverythingView(RecordView):
    """All columns everywhere."""

    column_list = ("id", *COLUMNS, "parcel")
    column_searchable_list = ("string", "text", "integer", "uuid")
    column_filters = (*COLUMNS, "parcel")
    page_size = 100


class BareView(RecordView):
    """Can be asked everything and shows nothing but the key."""

    column_list = ("id",)
    column_filters = tuple(PLAIN)


class ParcelView(RecordView):
    """A UUID as key."""

    column_searchable_list = ("name",)
    column_filters = ("id", "name")


@pytest.fixture
def site(backend: str, make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The application with two more views, and their tables for one test."""
    if backend not in APPS:
        APPS[backend] = make_app()
        [admin] = APPS[backend].extensions["admin"]
        add_view(APPS[backend], admin, EverythingView(Everything, db))
        add_view(APPS[backend], admin, ParcelView(Parcel, db))
        add_view(APPS[backend], admin, BareView(Everything, db, endpoint="bare"))
    with APPS[backend].app_context():
        engine = db.engine
    Base.metadata.create_all(engine)
    yield APPS[backend]
    Base.metadata.drop_all(engine)


@pytest.fixture
def admin(site: Flask, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in("admin", app=site)


@pytest.fixture
def rows(site: Flask) -> Iterator[Session]:
    with site.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def three(rows: Session) -> list[Everything]:
    """Records with no values, with the first of each column and with the second."""
    needed = {f"{name}_needed": value for name, value in OTHER.items()}
    records = [
        everything(json=sa.null()),
        everything(**PLAIN),
        everything(**{**OTHER, **needed, "binary": b"", "binary_needed": b"", "pickle": [], "pickle_needed": None}),
    ]
    for record in records:
        rows.add(record)
        rows.commit()
    for record in records:
        rows.refresh(record)
    return records
