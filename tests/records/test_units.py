"""Units of work: committed once or not at all, done again where that helps, answered the same when sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.errors import BadInput
from backoffice.models import Article, AuditEntry, FormReceipt
from backoffice.records.saving import save
from backoffice.records.transactions import StaleRecord
from backoffice.records.units import once
from tests.factories import make_article


@pytest.fixture(autouse=True)
def _sentences(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def count(session: Session, model: type[Any]) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def adding(session: Session, title: str = "New") -> Callable[[], str]:
    def work() -> str:
        session.add(Article(title=title, content=""))
        return f"made {title}"

    return work


def test_the_same_receipt_is_carried_out_once_and_answered_the_same(session: Session) -> None:
    answers = [once(session, adding(session), "form 1") for _ in range(3)]
    assert answers == ["made New"] * 3
    assert (count(session, Article), count(session, AuditEntry), count(session, FormReceipt)) == (1, 1, 1)
    once(session, adding(session), "form 2")
    assert count(session, Article) == 2


def test_ten_at_once_make_one_and_all_get_its_answer(session: Session) -> None:
    def send(number: int) -> str:
        with Session(session.get_bind()) as own:
            return once(own, adding(own, f"By {number}"), "form 1")

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(send, range(10)))
    assert len(answers) == 1
    made = session.scalars(sa.select(Article.title)).one()
    assert answers == {f"made {made}"}


def test_what_is_refused_leaves_nothing_and_can_be_sent_again(session: Session) -> None:
    def refuse() -> str:
        session.add(Article(title="Never", content=""))
        session.flush()
        raise BadInput("Wrong.")

    with pytest.raises(BadInput):
        once(session, refuse, "form 1")
    assert (count(session, Article), count(session, AuditEntry), count(session, FormReceipt)) == (0, 0, 0)
    assert once(session, adding(session), "form 1") == "made New"


def test_a_passing_fault_has_the_whole_work_done_again(session: Session) -> None:
    tries: list[int] = []

    def work() -> int:
        tries.append(len(tries))
        session.add(Article(title=f"Try {len(tries)}", content=""))
        session.flush()
        if len(tries) < 3:
            raise broken()
        return len(tries)

    assert once(session, work) == 3
    assert session.scalars(sa.select(Article.title)).all() == ["Try 3"]
    assert count(session, AuditEntry) == 1


def broken() -> sa.exc.OperationalError:
    """What a driver raises when the connection is gone."""
    return sa.exc.OperationalError("COMMIT", {}, ConnectionError("gone"), connection_invalidated=True)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_commit_whose_answer_was_lost_is_neither_lost_nor_repeated(
    session: Session, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    commit, lost = session.commit, []

    def commit_once_unheard() -> None:
        if lost:
            return commit()
        lost.append(True)
        if arrived:
            commit()
        raise broken()

    monkeypatch.setattr(session, "commit", commit_once_unheard)
    assert once(session, adding(session)) == "made New"
    assert (count(session, Article), count(session, AuditEntry)) == (1, 1)


def test_a_record_that_moved_on_is_looked_at_anew_and_not_overwritten(session: Session) -> None:
    article = make_article(session, title="Old")
    article_id = article.id
    with Session(session.get_bind()) as colleague:
        save(colleague, colleague.get_one(Article, article_id), {"title": "Theirs"})
    seen: list[str] = []

    def append() -> None:
        record = session.get_one(Article, article_id)
        seen.append(record.title)
        record.title += "!"

    once(session, append)
    assert seen == ["Old", "Theirs"], "the stale one was noticed, the fresh one changed"
    assert session.get_one(Article, article_id).title == "Theirs!"
    with pytest.raises(StaleRecord):
        once(session, lambda: _refuse())


def _refuse() -> None:
    raise StaleRecord


def test_a_unit_inside_a_unit_is_part_of_it(session: Session) -> None:
    article = make_article(session, title="Old")

    def both() -> None:
        save(session, article, {"title": "New"})
        raise BadInput("Not this time.")

    with pytest.raises(BadInput):
        once(session, both)
    session.expire_all()
    assert article.title == "Old"
