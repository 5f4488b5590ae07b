"""Two people, one record: what does not overlap is put together, what does is asked about, nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Article, AuditEntry
from tests.factories import NOON, make_article, make_user
from tests.pages import field_value, form_of

FIELDS = ("title", "user", "published_at", "content", "version", "shown", "form_id")


def path_of(article: Article) -> str:
    return f"/admin/article/edit/?id={article.id}"


def opened(client: FlaskClient, article: Article) -> dict[str, str]:
    return form_of(client.get(path_of(article)).text, *FIELDS)


def test_changes_of_different_fields_are_both_kept_and_told(
    ada: FlaskClient, grace: FlaskClient, session: Session
) -> None:
    article = make_article(session, title="Old", content="old")
    mine, theirs = opened(ada, article), opened(grace, article)
    assert grace.post(path_of(article), data={**theirs, "title": "Theirs"}).status_code == 302
    saved = ada.post(path_of(article), data={**mine, "content": "mine"}, follow_redirects=True)
    assert "grace@example.com changed meanwhile, and it was kept: Title." in saved.text
    session.expire_all()
    assert (article.title, article.content, article.version) == ("Theirs", "mine", 3)


def test_the_same_change_by_two_people_is_no_conflict(ada: FlaskClient, grace: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Old")
    mine, theirs = opened(ada, article), opened(grace, article)
    grace.post(path_of(article), data={**theirs, "title": "Same"})
    assert ada.post(path_of(article), data={**mine, "title": "Same"}).status_code == 302
    session.expire_all()
    assert (article.title, article.version) == ("Same", 2)


def test_a_conflict_shows_three_sides_and_saves_what_is_chosen(
    ada: FlaskClient, grace: FlaskClient, session: Session
) -> None:
    article = make_article(session, title="The old title", content="old")
    mine, theirs = opened(ada, article), opened(grace, article)
    writer = make_user(session, username="writer")
    grace.post(path_of(article), data={**theirs, "title": "The new title", "user": str(writer.id)})
    refused = ada.post(path_of(article), data={**mine, "title": "My old title", "content": "mine"})
    page = refused.text
    assert refused.status_code == 409
    assert "grace@example.com saved it" in page
    assert re.findall(r'name="conflicting" value="(\w+)"', page) == ["title"], "only where both changed"
    assert "The old title" in page
    assert re.search(r"<ins><span[^>]*>added: </span>new</ins>", page)
    assert re.search(r"<ins><span[^>]*>added: </span>My</ins>", page)
    assert "Kept as they changed it, since you did not: Author." in page
    again = form_of(page, *FIELDS) | {"conflicting": "title", "since": field_value(page, "since")}
    assert (again["title"], again["content"], again["user"]) == ("My old title", "mine", str(writer.id))
    undecided = ada.post(path_of(article), data=again)
    assert undecided.status_code == 409, "a second press alone overwrites nothing"
    assert "The old title" in undecided.text
    session.expire_all()
    assert (article.title, article.content) == ("The new title", "old")
    assert ada.post(path_of(article), data={**again, "choose-title": "theirs"}).status_code == 302
    session.expire_all()
    assert (article.title, article.content, article.user_id) == ("The new title", "mine", writer.id)


def test_mine_is_saved_where_that_is_chosen_and_the_history_has_both(
    ada: FlaskClient, grace: FlaskClient, session: Session
) -> None:
    article = make_article(session, title="Old")
    mine, theirs = opened(ada, article), opened(grace, article)
    grace.post(path_of(article), data={**theirs, "title": "Theirs"})
    again = form_of(ada.post(path_of(article), data={**mine, "title": "Mine"}).text, *FIELDS)
    again |= {"conflicting": "title", "choose-title": "mine", "title": "Mine, better"}
    assert ada.post(path_of(article), data=again).status_code == 302
    told = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "update").order_by(AuditEntry.id))
    assert [(e.person, e.changes["title"]) for e in told] == [
        ("grace@example.com", ["Old", "Theirs"]), ("ada@example.com", ["Theirs", "Mine, better"]),
    ]  # fmt: skip


def test_a_change_made_past_this_program_is_not_taken_for_mine(ada: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Old", content="old")
    mine = opened(ada, article)
    table: Any = Article.__table__
    session.execute(sa.update(table).values(content="by hand, in the database"))
    session.commit()
    assert ada.post(path_of(article), data={**mine, "title": "Mine"}).status_code == 302
    session.expire_all()
    assert (article.title, article.content) == ("Mine", "by hand, in the database")


def test_a_stale_form_without_what_it_had_shown_overwrites_nothing(ada: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Old", content="old")
    mine = opened(ada, article)
    del mine["shown"]
    article.title = "Theirs"
    session.commit()
    refused = ada.post(path_of(article), data={**mine, "content": "mine"})
    assert refused.status_code == 409
    assert field_value(refused.text, "content") == "mine"
    session.expire_all()
    assert (article.title, article.content) == ("Theirs", "old")


@pytest.mark.parametrize("shown", ["x", "[]", '{"title": 5}', "[" * 100_000])
def test_digests_that_nobody_made_overwrite_nothing(ada: FlaskClient, session: Session, shown: str) -> None:
    article = make_article(session, title="Old")
    mine = opened(ada, article)
    article.title = "Theirs"
    session.commit()
    assert ada.post(path_of(article), data={**mine, "shown": shown, "title": "Mine"}).status_code == 409
    session.expire_all()
    assert article.title == "Theirs"


def test_a_field_somebody_else_changed_is_not_judged_by_what_was_typed_there(
    ada: FlaskClient, session: Session
) -> None:
    article = make_article(session, published_at=NOON.replace(microsecond=7))
    mine = opened(ada, article)
    article.published_at = None
    session.commit()
    assert ada.post(path_of(article), data={**mine, "title": "Mine"}).status_code == 302
    session.expire_all()
    assert (article.title, article.published_at) == ("Mine", None)


def test_a_form_sent_ten_times_at_once_makes_one_change_and_ten_same_answers(
    app: Flask, ada: FlaskClient, session: Session
) -> None:
    form = form_of(ada.get("/admin/article/new/").text, "form_id")
    cookies = ada.get_cookie("session")
    assert cookies is not None

    def send(_number: int) -> tuple[int, str | None]:
        browser = app.test_client()
        browser.set_cookie("session", cookies.value)
        sent = browser.post("/admin/article/new/", data={**form, "title": "Once", "_continue_editing": "1"})
        return sent.status_code, sent.location

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(send, range(10)))
    assert len(answers) == 1
    article = session.scalars(sa.select(Article)).one()
    assert answers == {(302, path_of(article))}
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 1 + len(_made_for_tests(session))


def _made_for_tests(session: Session) -> list[AuditEntry]:
    """Accounts are made by the fixtures."""
    return list(session.scalars(sa.select(AuditEntry).where(AuditEntry.table_name != "article")))


def test_the_same_form_with_another_content_is_another_change(ada: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Old")
    form = opened(ada, article)
    ada.post(path_of(article), data={**form, "title": "First"})
    assert ada.post(path_of(article), data={**form, "title": "First"}).status_code == 302
    session.expire_all()
    assert article.version == 2
    assert ada.post(path_of(article), data={**form, "title": "Second"}).status_code == 409, "it was made from Old"


def test_a_receipt_is_for_the_person_who_sent_the_form(ada: FlaskClient, grace: FlaskClient, session: Session) -> None:
    form = form_of(ada.get("/admin/article/new/").text, "form_id")
    for client in (ada, grace):
        assert client.post("/admin/article/new/", data={**form, "title": "Each"}).status_code == 302
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 2


def test_a_password_somebody_else_has_set_meanwhile_is_asked_about(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    one, two = sign_in("admin", "one@example.com"), sign_in("admin", "two@example.com")
    ada = make_user(session)
    path = f"/admin/user/edit/?id={ada.id}"
    fields = ("username", "email", "name", "address", "version", "shown", "form_id")
    forms = [form_of(client.get(path).text, *fields) for client in (one, two)]
    assert one.post(path, data={**forms[0], "password": "the first"}).status_code == 302
    refused = two.post(path, data={**forms[1], "password": "the second"})
    assert refused.status_code == 409
    assert "the second" not in refused.text
    chosen = form_of(refused.text, *fields) | {"conflicting": "password", "choose-password": "mine"}
    assert two.post(path, data={**chosen, "password": "the second"}).status_code == 302


@pytest.mark.sqlite_only
def test_a_text_sent_with_a_browser_s_line_ends_is_compared_without_them(
    ada: FlaskClient, grace: FlaskClient, session: Session
) -> None:
    article = make_article(session, content="one\ntwo\nthree\n")
    mine, theirs = opened(ada, article), opened(grace, article)
    grace.post(path_of(article), data={**theirs, "content": "one\r\ntwo\r\nthree\r\ntheirs"})
    refused = ada.post(path_of(article), data={**mine, "content": "one\r\ntwo\r\nthree\r\nmine"})
    assert refused.status_code == 409
    changed = re.findall(r"<(ins|del)>.*?</span>(.*?)</", refused.text, re.S)
    assert changed == [("ins", "theirs"), ("ins", "mine")]
    assert "Choose one of the two." not in refused.text
    again = form_of(refused.text, *FIELDS) | {"conflicting": "content", "content": "one\r\ntwo\r\nthree\r\nmine"}
    unchosen = ada.post(path_of(article), data=again)
    assert (unchosen.status_code, unchosen.text.count("Choose one of the two.")) == (409, 1)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("field", ["version", "since"])
def test_a_version_of_thousands_of_digits_is_none(
    ada: FlaskClient, grace: FlaskClient, session: Session, field: str
) -> None:
    article = make_article(session, title="Old")
    mine, theirs = opened(ada, article), opened(grace, article)
    grace.post(path_of(article), data={**theirs, "title": "Theirs"})
    refused = ada.post(path_of(article), data={**mine, "title": "Mine", field: "9" * 5000})
    assert refused.status_code == 409
