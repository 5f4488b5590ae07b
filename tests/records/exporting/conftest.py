"""An engine in a request, and three records with a value of every kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.extensions import db
from tests.everything import OTHER, PLAIN, Base, Everything, everything


@pytest.fixture
def engine(app: Flask) -> Iterator[sa.Engine]:
    """The application's own engine, in a request: messages want a language."""
    with app.test_request_context():
        yield db.engine


@pytest.fixture
def three(engine: sa.Engine) -> Iterator[list[Everything]]:
    """Records with no values, with the first of each column and with the second."""
    Base.metadata.create_all(engine)
    made = [everything(json=sa.null()), everything(**PLAIN), everything(**OTHER)]
    with Session(engine, expire_on_commit=False) as session:
        session.add_all(made)
        session.commit()
        for record in made:
            session.refresh(record)
    yield made
    Base.metadata.drop_all(engine)
