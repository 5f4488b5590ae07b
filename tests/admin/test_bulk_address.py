"""The question of a bulk action as a page with an address: what it takes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import make_article, make_articles


def test_a_question_has_an_address_unless_that_would_be_too_long(admin: FlaskClient, session: Session) -> None:
    articles = make_articles(session, 900)
    for few in (2, 900):
        ticked = {"action": "set", "rowid": [a.id for a in articles[:few]], "url": "/admin/article/?page=2"}
        answer = admin.post("/admin/article/action/", data=ticked)
        assert (answer.status_code == 303) == (few == 2)
        question = admin.get(answer.location) if few == 2 else answer
        assert f"Set a field: {few} records" in question.text
        assert 'href="/admin/article/?page=2#as-left"' in question.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("", 404), ("action=nothing", 404), ("action=delete", 302), ("action=delete&rowid=x", 302),
        ("action=delete&all=yes&selection=where%3D%257B", 400),
        ("action=delete" + "".join(f"&rowid={n}" for n in range(1001)), 400),
    ],
)  # fmt: skip
@pytest.mark.sqlite_only
def test_an_address_that_asks_nothing_sensible_is_refused(admin: FlaskClient, address: str, status: int) -> None:
    assert admin.get(f"/admin/article/bulk/?{address}").status_code == status


@pytest.mark.sqlite_only
def test_the_question_is_only_for_who_may_do_it(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    article = make_article(session)
    assert sign_in("viewer").get(f"/admin/article/bulk/?action=delete&rowid={article.id}").status_code == 403
