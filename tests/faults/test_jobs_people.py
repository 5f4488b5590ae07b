"""People and jobs on the same records: cancelled, resumed and undone, not allowed any more, and saving meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.access import accounts
from backoffice.extensions import db
from backoffice.models import Article, AuditEntry, Job, JobOutcome, Role, Staff
from tests.factories import make_articles, make_user
from tests.faults import counting
from tests.faults.job_ledger import check_counted, check_job, job_of, wait_until_ended
from tests.faults.ledger import Ledger
from tests.faults.people import Visitor
from tests.faults.workers import Worker
from tests.pages import form_of
from tests.serving import served

ROWS, MOST, AFTER = 600, 50, 3
LONG = 600
PEOPLE, SAVES, HOT = 10, 15, 10


def hand_over(client: FlaskClient, to: str) -> int:
    """Ask, through the pages, for all articles to be given to an author; the job's number."""
    asked: dict[str, Any] = {"action": "hand_over", "all": "yes", "selection": ""}
    page = client.post("/admin/article/action/", data=asked, follow_redirects=True).text
    wanted = {"with-user": to}
    page = client.post("/admin/article/bulk/", data=hidden(page) | wanted).text
    done = client.post("/admin/article/bulk/", data=hidden(page) | wanted)
    found = re.search(r"/admin/job/details/\?id=(\d+)", done.location or "")
    assert found, done.text
    return int(found[1])


def hidden(page: str) -> dict[str, str]:
    return form_of(page, "form_id", "action", "url", "rows", "ready")


def authors(session: Session) -> dict[int, int | None]:
    """Whose each article is."""
    session.rollback()
    return {row.id: row.user_id for row in session.execute(sa.select(Article.id, Article.user_id))}


def test_what_a_job_did_is_taken_back_but_for_what_others_changed_since(
    admin: FlaskClient, session: Session, address: str, tmp_path: Path
) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    make_articles(session, ROWS // 2, user_id=bob.id)
    make_articles(session, ROWS // 2)
    before, ledger = authors(session), Ledger()
    job = hand_over(admin, "ada")
    plan = {"table": "article", "most": MOST, "lease": LONG}
    with Worker(address, tmp_path / "cancelled", **plan, at=[AFTER, "committed", "wait"]) as worker:
        worker.has("wait")
        assert admin.post(f"/admin/job/cancel/?id={job}").status_code == 302
        worker.go()
        wait_until_ended(session, [job])
        check_job(session, job, "cancelled", changed=AFTER * MOST)
        assert list(authors(session).values()).count(ada.id) == AFTER * MOST
        assert admin.post(f"/admin/job/resume/?id={job}").status_code == 302
        wait_until_ended(session, [job])
        check_job(session, job, changed=ROWS)
        others = [key for place, key in enumerate(sorted(before)) if place % 100 == 7]
        for key in others:
            saved = save(admin, key, title=f"Somebody's own {key}")
            assert saved == 302
            ledger.acknowledge(key, "title", f"Somebody's own {key}")
        assert admin.post(f"/admin/job/undo/?id={job}").status_code == 302
        undo = session.scalars(sa.select(Job.id).where(Job.parent_id == job)).one()
        wait_until_ended(session, [undo])
        assert worker.end() == 0
    check_job(session, undo, changed=ROWS - len(others), skipped=len(others))
    assert authors(session) == before | dict.fromkeys(others, ada.id)
    left = session.execute(sa.select(JobOutcome.key, JobOutcome.reason).where(JobOutcome.job_id == undo)).all()
    assert {int(key) for key, _reason in left} == set(others)
    assert {reason for _key, reason in left} == {"Somebody has changed it since."}
    assert "Somebody has changed it since." in admin.get(f"/admin/job/details/?id={undo}").text
    for key, author in before.items():
        ledger.acknowledge(key, "user_id", str(ada.id))
        if key not in others:
            ledger.acknowledge(key, "user_id", None if author is None else str(author))
    ledger.check(session)


def save(client: FlaskClient, article: int, **typed: str) -> int:
    """Somebody opens an article and saves it."""
    path = f"/admin/article/edit/?id={article}"
    form = form_of(client.get(path).text, "title", "user", "published_at", "content", "version", "shown", "form_id")
    return client.post(path, data=form | typed).status_code


def disable(app: Flask, email: str) -> None:
    with app.app_context():
        accounts.disable(email)


def degrade(app: Flask, email: str) -> None:
    with app.app_context():
        person = db.session.scalars(sa.select(Staff).where(Staff.email == email)).one()
        person.roles = [db.session.scalars(sa.select(Role).where(Role.name == "viewer")).one()]
        db.session.commit()


def forbid(app: Flask, _email: str) -> None:
    with app.app_context():
        role = db.session.scalars(sa.select(Role).where(Role.name == "editor")).one()
        role.permissions = ["article:read"]
        db.session.commit()


# Which permissions somebody holds is asked of every database in the same way.
@pytest.mark.sqlite_only
@pytest.mark.parametrize("lose", [disable, degrade, forbid])
def test_a_job_stops_when_who_asked_for_it_may_not_any_more(
    lose: Callable[[Flask, str], None], app: Flask, sign_in: Callable[..., FlaskClient], session: Session,
    address: str, tmp_path: Path,
) -> None:  # fmt: skip
    ada = make_user(session, username="ada")
    make_articles(session, ROWS)
    job, ledger = hand_over(sign_in("editor", "eve@example.com"), "ada"), Ledger()
    plan = {"table": "article", "most": MOST, "lease": LONG}
    with Worker(address, tmp_path, **plan, at=[AFTER, "committed", "wait"]) as worker:
        worker.has("wait")
        lose(app, "eve@example.com")
        worker.go()
        wait_until_ended(session, [job])
        check_job(session, job, "stopped", changed=AFTER * MOST)
        # Whoever lets it go on, it is still the work of the same person.
        assert sign_in("admin").post(f"/admin/job/resume/?id={job}").status_code == 302
        wait_until_ended(session, [job])
        assert worker.end() == 0
    check_job(session, job, "stopped", changed=AFTER * MOST)
    message = job_of(session, job).message
    assert message
    told = session.scalars(sa.select(AuditEntry).where(AuditEntry.table_name == "job")).all()
    found = [(entry.action, entry.record_key, entry.record_label, entry.source) for entry in told]
    assert found == [("stop", str(job), message, f"job {job}")] * 2
    done = [key for key, author in authors(session).items() if author == ada.id]
    assert len(done) == AFTER * MOST
    for key in done:
        ledger.acknowledge(key, "user_id", str(ada.id))
    ledger.check(session)


def test_what_the_product_does_itself_is_not_told_of_whose_job_was_before(
    sign_in: Callable[..., FlaskClient], counted: Session, address: str, tmp_path: Path
) -> None:
    make_user(counted, username="ada")
    make_articles(counted, ROWS)
    counting.fill(counted, ROWS)
    theirs = hand_over(sign_in("editor", "eve@example.com"), "ada")
    with Worker(address, tmp_path, lease=LONG) as worker:
        wait_until_ended(counted, [theirs])
        own = counting.ask(counted, 1, ROWS)
        wait_until_ended(counted, [own])
        assert worker.end() == 0
    who = sa.select(AuditEntry.person, AuditEntry.source).where(AuditEntry.action == "update").distinct()
    assert {tuple(row) for row in counted.execute(who)} == {("eve@example.com", f"job {theirs}"), ("", f"job {own}")}
    check_counted(counted, ROWS)


@pytest.fixture
def pages(make_app: Callable[..., Flask]) -> Iterator[str]:
    """Where the product answers people, a worker beside it in no case."""
    app = make_app(threads=PEOPLE, run_worker=False, extra={"WTF_CSRF_ENABLED": True})
    with served(app) as address:
        yield address
    with app.app_context():
        db.engine.dispose()


def test_colleagues_save_while_two_jobs_work_on_the_same_records(
    pages: str, admin: FlaskClient, staff: Callable[..., tuple[str, str]], session: Session, address: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    articles = [article.id for article in make_articles(session, ROWS)]
    people = [Visitor(pages) for _number in range(PEOPLE)]
    for number, person in enumerate(people):
        person.sign_in(*staff("editor", f"person{number}@example.com"))
    ledger, statuses = Ledger(), set[int]()

    def work(number: int) -> None:
        chance = Random(number)  # noqa: S311 - which record is next is no secret
        for time in range(SAVES):
            # The first ones are everybody's.
            article = chance.choice(articles[:HOT] if time % 2 else articles)
            column = chance.choice(["title", "content"])
            value = f"{column} by {number}, {time}"
            status = people[number].save(article, people[number].open(article), **{column: value})
            statuses.add(status)
            if status == 302:
                ledger.acknowledge(article, column, value)

    jobs = [hand_over(admin, name) for name in ("ada", "bob")]
    # Records stay locked for a while in each chunk, and the jobs meet as well.
    plan = {"table": "article", "most": 10, "seconds": 0.03}
    with Worker(address, tmp_path / "one", **plan) as one, Worker(address, tmp_path / "two", **plan) as two:
        with ThreadPoolExecutor(PEOPLE) as pool:
            list(pool.map(work, range(PEOPLE)))
        wait_until_ended(session, jobs, seconds=120)
        assert (one.end(), two.end()) == (0, 0)
    assert statuses == {302}, "nobody saw an error, nor had to give up"
    assert len(ledger.lines) == PEOPLE * SAVES
    for job, author in zip(jobs, (ada, bob), strict=True):
        check_job(session, job, changed=ROWS)
        for article in articles:
            ledger.acknowledge(article, "user_id", str(author.id))
    ledger.check(session)
