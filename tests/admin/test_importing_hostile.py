"""Imports of what somebody sends who means no good, or whose program went astray."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.admin.test_importing import csv, mapping_of, upload

Client = FlaskClient


@pytest.mark.sqlite_only
@pytest.mark.parametrize("field", [{}, {"to-0": ["no such"]}])
def test_a_number_of_thousands_of_digits_is_no_column(admin: Client, field: dict[str, list[str]]) -> None:
    uploaded = upload(admin, csv("username,email", "a,a@example.com"))
    sent = mapping_of(admin.get(uploaded.location).text)
    answer = admin.post("/admin/user/import/", data={**sent, **field, "tells": ["1" * 5000, "-1", "٣"]})
    assert answer.status_code == 400
