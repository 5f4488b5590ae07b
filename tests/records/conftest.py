"""Somebody in front of a list."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from backoffice.records.saved_views import Person
from tests.factories import make_staff
from tests.records.saved_views import Somebody


@pytest.fixture
def somebody(session: Session) -> Somebody:
    """`somebody("editor", may_share=True)` is a person of that role before a list."""

    def make(role: str = "editor", **rights: bool) -> Person:
        staff = make_staff(session, role)
        return Person(staff.id, tuple(r.id for r in staff.roles), **rights)

    return make
