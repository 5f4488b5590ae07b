"""Many people, few records: nobody's acknowledged change is lost, and nobody sees an error."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.extensions import db
from tests.factories import make_articles
from tests.faults.ledger import Ledger
from tests.faults.people import Visitor
from tests.serving import served

PEOPLE, RECORDS = 20, 10
# By each of them: EACH_SAVES=50 for a thousand.
SAVES = int(os.environ.get("EACH_SAVES", "12"))


@pytest.fixture
def address(make_app: Callable[..., Flask]) -> Iterator[str]:
    app = make_app(threads=PEOPLE, extra={"WTF_CSRF_ENABLED": True})
    with served(app) as address:
        yield address
    with app.app_context():
        db.engine.dispose()


def test_nobody_s_save_is_lost_among_twenty_people_on_ten_records(
    address: str, staff: Callable[..., tuple[str, str]], session: Session
) -> None:
    articles = [article.id for article in make_articles(session, RECORDS)]
    people = [Visitor(address) for _number in range(PEOPLE)]
    for number, person in enumerate(people):
        person.sign_in(*staff("editor", f"person{number}@example.com"))
    ledger = Ledger()

    def work(number: int) -> set[int]:
        chance = random.Random(number)  # noqa: S311 - which record is next is no secret
        person, statuses = people[number], set()
        for save in range(SAVES):
            article, column = chance.choice(articles), chance.choice(["title", "content"])
            value = f"{column} by {number}, {save}"
            status = person.save(article, person.open(article), **{column: value})
            statuses.add(status)
            if status == 302:
                ledger.acknowledge(article, column, value)
        return statuses

    with ThreadPoolExecutor(PEOPLE) as pool:
        statuses = set().union(*pool.map(work, range(PEOPLE)))
    assert statuses == {302}, "nobody saw an error, nor had to give up"
    assert len(ledger.lines) == PEOPLE * SAVES
    ledger.check(session)
