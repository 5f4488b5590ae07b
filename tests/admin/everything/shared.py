"""What the tests of every type share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from tests.everything import NEEDED, PLAIN, Everything

COLUMNS = [*PLAIN, *NEEDED]


LIST, BARE = "/admin/everything/", "/admin/bare/"


def page_of(admin: FlaskClient, path: str, **arguments: Any) -> str:
    response = admin.get(path, query_string=arguments or None)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_data(as_text=True)


def raw_row(rows: Session, record_id: int) -> tuple[Any, ...]:
    """The row as the database has it, JSON as its very text."""
    columns = Everything.__table__.columns
    exact = [sa.cast(c, sa.Text) if isinstance(c.type, sa.JSON) else c for c in columns]
    row = tuple(rows.execute(sa.select(*exact).where(columns.id == record_id)).one())
    rows.rollback()
    return row


def with_values(sent: MultiDict[str, Any], values: dict[str, Any]) -> MultiDict[str, Any]:
    """What is sent where somebody filled in these fields."""
    changed = sent.copy()
    for name, value in values.items():
        changed[name] = value
    return changed


def keys_in_order(records: list[Everything]) -> list[str]:
    return [str(record.id) for record in records]


def keys(records: list[Everything]) -> set[str]:
    return {str(record.id) for record in records}
