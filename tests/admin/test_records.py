"""One record: reading, creating, editing, deleting and its relations."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.views.article import ArticleView
from backoffice.models import Article, User
from tests.factories import NOON, collect, make_article, make_articles, make_user
from tests.pages import confirm, field_value, form_of, row_keys

ARTICLE_FIELDS = ("title", "user", "published_at", "content", "version")


def test_an_article_is_created_edited_and_deleted(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    created = admin.post("/admin/article/new/", data={"title": "三体", "content": "a\r\nb", "user": str(ada.id)})
    assert created.status_code == 302
    article = session.scalars(sa.select(Article)).one()
    assert (article.title, article.content, article.user_id, article.published_at) == ("三体", "a\nb", ada.id, None)
    path = f"/admin/article/edit/?id={article.id}"
    form = form_of(admin.get(path).get_data(as_text=True), *ARTICLE_FIELDS)
    form |= {"title": "三体 II", "user": "", "published_at": "2026-01-15T12:00"}
    assert admin.post(path, data=form).status_code == 302
    session.expire_all()
    assert (article.title, article.user_id, article.published_at, article.version) == ("三体 II", None, NOON, 2)
    question = admin.get(f"/admin/article/delete/?id={article.id}")
    assert "三体 II" in question.get_data(as_text=True)
    assert confirm(admin, f"/admin/article/delete/?id={article.id}").status_code == 302
    session.expire_all()
    assert session.scalars(sa.select(Article)).all() == []


def test_saving_an_untouched_form_writes_nothing(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    article = make_article(
        session, content="a\r\nb\n", user=make_user(session), published_at=NOON.replace(microsecond=7)
    )
    path = f"/admin/article/edit/?id={article.id}"
    form = form_of(admin.get(path).get_data(as_text=True), *ARTICLE_FIELDS)
    form["content"] = form["content"].replace("\r\n", "\n").replace("\n", "\r\n")
    with count_statements() as statements:
        assert admin.post(path, data=form).status_code == 302
    written = [s.split()[2] for s in statements if s.startswith("INSERT")] + [
        s.split()[1] for s in statements if s.startswith("UPDATE")
    ]
    assert set(written) == {"form_receipt"}, "that it was answered is all there is to keep"
    session.expire_all()
    assert (article.content, article.version) == ("a\r\nb\n", 1)


# What every page asks: who is signed in, with their roles.
WHO = "SELECT staff"
ENTRY = [
    "UPDATE form_receipt",  # what was answered, to answer the same form the same way again
    "SELECT audit_chain",  # where the history ends, held from here to the commit
    "INSERT audit_entry",  # who changed what
    "UPDATE audit_chain",  # the new end
]


def asked(statements: list[str]) -> list[str]:
    """Each statement by its verb and its first table."""
    table = r"(?:\bFROM|\bINTO|^UPDATE)\s+[`\"]?(\w+)"
    return [f"{s.split()[0]} {found[1]}" for s in statements if (found := re.search(table, s))]


def test_opening_an_article_asks_who_it_is_and_for_the_article_with_its_author(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    path = f"/admin/article/edit/?id={make_article(session, user=make_user(session)).id}"
    with count_statements() as statements:
        assert admin.get(path).status_code == 200
    assert asked(statements) == [WHO, "SELECT article"]
    assert len(statements) == 2


def test_opening_an_article_from_a_list_also_asks_for_the_list_and_both_neighbours(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    article = make_articles(session, 3)[1]
    path = f"/admin/article/edit/?id={article.id}&url=/admin/article/?sort%3Dtitle"
    admin.get(path)
    with count_statements() as statements:
        assert admin.get(path).status_code == 200
    assert len([s for s in statements if "saved_view" in s]) == 1, "what the list opens with is a matter of its views"
    assert len([s for s in statements if "LIMIT" in s and "saved_view" not in s]) == 2, "before and after"
    assert len(statements) == 5


def test_saving_an_article_asks_twice_and_writes_article_receipt_and_history(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    article = make_article(session, title="Old", user=make_user(session))
    path = f"/admin/article/edit/?id={article.id}"
    form = form_of(admin.get(path).get_data(as_text=True), *ARTICLE_FIELDS, "shown", "form_id")
    with count_statements() as statements:
        assert admin.post(path, data={**form, "title": "New"}).status_code == 302
    assert asked(statements) == [
        WHO,
        "INSERT form_receipt",  # first, so that the same form sent twice waits here
        "SELECT article",  # as it is now, with its author: what others saved meanwhile is merged
        "UPDATE article",  # where its version is still the one read, with its search tokens
        *ENTRY,
    ]
    assert len(statements) == 8


def test_a_form_without_its_version_is_refused(admin: FlaskClient, session: Session) -> None:
    article = make_article(session, title="Old")
    assert admin.post(f"/admin/article/edit/?id={article.id}", data={"title": "New"}).status_code == 409
    session.expire_all()
    assert article.title == "Old"


def test_errors_stand_beside_their_field_and_what_was_typed_stays(admin: FlaskClient, session: Session) -> None:
    make_user(session, username="ada", email="ada@example.com")
    response = admin.post("/admin/user/new/", data={"username": "ada", "email": "x" * 200, "name": "Typed"})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert field_value(page, "name") == "Typed"
    taken = admin.post("/admin/user/new/", data={"username": "ada", "email": "new@example.com", "name": "Typed"})
    assert taken.status_code == 409
    assert "already has this value" in taken.get_data(as_text=True)
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1


def test_a_password_is_written_and_never_shown(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    path = f"/admin/user/edit/?id={ada.id}"
    form = form_of(admin.get(path).get_data(as_text=True), "username", "email", "name", "address", "version")
    assert admin.post(path, data={**form, "password": "new secret words"}).status_code == 302
    session.expire_all()
    kept = ada.password_hash
    assert kept is not None
    assert kept.startswith("$argon2id$")
    for page in (path, f"/admin/user/details/?id={ada.id}", "/admin/user/", "/admin/user/export/csv/"):
        text = admin.get(page).get_data(as_text=True)
        assert "argon2" not in text
        assert "new secret" not in text
    form["version"] = "2"
    assert admin.post(path, data={**form, "password": "", "name": "Ada"}).status_code == 302
    session.expire_all()
    assert (ada.password_hash, ada.name) == (kept, "Ada")


def test_fields_that_are_not_in_the_form_cannot_be_set(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session)
    path = f"/admin/user/edit/?id={ada.id}"
    form = form_of(admin.get(path).get_data(as_text=True), "username", "email", "name", "address", "version")
    admin.post(path, data={**form, "id": "999", "password_hash": "x", "created_at": "2000-01-01T00:00", "name": "A"})
    session.expire_all()
    assert (ada.name, ada.password_hash, ada.created_at.year > 2000) == ("A", None, True)


@pytest.mark.parametrize("key", ["", "0", "x", "1,2", "99999999999999999999", "-1", "1' OR '1'='1", "\x00", "%00"])
@pytest.mark.parametrize("page", ["details", "edit", "delete", "relation"])
def test_a_wrong_key_answers_404(admin: FlaskClient, session: Session, page: str, key: str) -> None:
    make_user(session)
    response = admin.get(f"/admin/user/{page}/", query_string={"id": key, "name": "articles"})
    assert response.status_code == 404


def test_actions_work_on_ticked_rows_in_one_transaction(admin: FlaskClient, session: Session) -> None:
    one, two = make_article(session, published_at=NOON), make_article(session)
    ids = [str(one.id), str(two.id)]
    done = admin.post("/admin/article/action/", data={"action": "publish", "rowid": ids}, follow_redirects=True)
    assert "1 article was published. 1 were so already." in done.get_data(as_text=True)
    unseen = confirm(admin, "/admin/article/action/", {"action": "delete", "rowid": ids}, seen="")
    assert unseen.status_code == 409, "nobody has seen what goes"
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 2
    session.rollback()
    confirm(admin, "/admin/article/action/", {"action": "delete", "rowid": ids})
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0
    assert admin.post("/admin/article/action/", data={"action": "nothing", "rowid": ids}).status_code == 404


def test_deleting_tells_what_goes_along(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    make_article(session, user=ada)
    collect(session, ada, make_articles(session, 3))
    page = admin.get(f"/admin/user/delete/?id={ada.id}").get_data(as_text=True)
    assert "Articles: 1. What becomes of them?" in page
    assert re.findall(r'name="when-articles" value="([^"]+)"', page) == ["hand over", "unlink", "delete"]
    assert "Collected articles: 3 links go; what they lead to stays." in page


def test_a_return_address_never_leaves_the_site(admin: FlaskClient, session: Session) -> None:
    article = make_article(session)
    for evil in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        deleted = admin.get("/admin/article/details/", query_string={"id": article.id, "url": evil})
        assert deleted.status_code == 200
        page = deleted.get_data(as_text=True)
        assert f'href="{evil}"' not in page


def test_deleting_the_last_row_of_the_last_page_leads_to_rows_that_are_left(
    admin: FlaskClient, session: Session
) -> None:
    articles = make_articles(session, 11)
    back = "/admin/article/?sort=-id&page_size=10&page=2"
    path = f"/admin/article/delete/?{urlencode({'id': articles[0].id, 'url': back})}"
    deleted = admin.get(confirm(admin, path).location)
    assert len(row_keys(deleted.get_data(as_text=True))) == 10


def test_a_stale_form_of_a_model_without_version_overwrites_nothing(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.admin.forms.version_attribute", lambda _model: None)
    article = make_article(session, title="Old", content="old")
    path = f"/admin/article/edit/?id={article.id}"
    mine = form_of(admin.get(path).get_data(as_text=True), *ARTICLE_FIELDS)
    assert len(mine["version"]) == 64
    assert admin.post(path, data={**mine, "title": "Theirs"}).status_code == 302
    assert admin.post(path, data={**mine, "content": "mine"}).status_code == 409
    session.expire_all()
    assert (article.title, article.content) == ("Theirs", "old")


@pytest.mark.parametrize("query", ["page=2&page_size=abc", "page=2&page_size=0", "page=x", "page=2&where=x"])
def test_a_deletion_that_is_done_leads_to_a_list_that_exists(admin: FlaskClient, session: Session, query: str) -> None:
    article = make_article(session)
    back = f"/admin/article/?{query}"
    done = confirm(admin, f"/admin/article/delete/?{urlencode({'id': article.id, 'url': back})}")
    assert (done.status_code, done.location) == (302, "/admin/article/")


def test_an_action_the_view_does_not_allow_is_not_there(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArticleView, "action_disallowed_list", ["publish"])
    article = make_article(session)
    response = admin.post("/admin/article/action/", data={"action": "publish", "rowid": str(article.id)})
    assert response.status_code == 404
    assert admin.get(f"/admin/article/bulk/?action=publish&rowid={article.id}").status_code == 404
    session.expire_all()
    assert article.published_at is None


def test_an_article_is_published_when_its_moment_has_come(admin: FlaskClient, session: Session) -> None:
    later = make_article(session, published_at=NOON.replace(year=2126))
    asked = '/admin/article/?where=["published","is",%s]'
    assert row_keys(admin.get(asked % "false").get_data(as_text=True)) == [str(later.id)]
    assert row_keys(admin.get(asked % "true").get_data(as_text=True)) == []
    admin.post("/admin/article/action/", data={"action": "publish", "rowid": str(later.id)})
    assert row_keys(admin.get(asked % "true").get_data(as_text=True)) == [str(later.id)]
