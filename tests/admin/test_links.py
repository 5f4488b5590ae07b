"""Relations: how records are looked up, attached and taken away, and what links know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Collection
from tests.factories import NOON, collect, make_article, make_articles, make_user
from tests.pages import confirm, form_of, row_keys, total


def test_a_collection_entry_has_a_composite_key(admin: FlaskClient, session: Session) -> None:
    reader, article = make_user(session, username="reader"), make_article(session, title="Kept")
    form = {"user": "reader", "article": str(article.id)}
    assert admin.post("/admin/collection/new/", data=form).status_code == 302
    again = admin.post("/admin/collection/new/", data=form)
    assert again.status_code == 409
    key = f"{reader.id},{article.id}"
    assert row_keys(admin.get("/admin/collection/").get_data(as_text=True)) == [key]
    path = f"/admin/collection/edit/?id={key}"
    shown = form_of(admin.get(path).get_data(as_text=True), "collected_at", "version")
    assert admin.post(path, data={**shown, "collected_at": "2026-01-15T12:00"}).status_code == 302
    session.expire_all()
    assert session.scalars(sa.select(Collection)).one().collected_at == NOON
    assert "Kept" in admin.get(f"/admin/collection/details/?id={key}").get_data(as_text=True)
    assert confirm(admin, f"/admin/collection/delete/?id={key}").status_code == 302
    assert row_keys(admin.get("/admin/collection/").get_data(as_text=True)) == []


def test_the_lookup_is_bounded_and_finds_by_key_and_by_text(admin: FlaskClient, session: Session) -> None:
    users = [make_user(session, username=f"reader{n:02}") for n in range(30)]
    every = admin.get("/admin/user/lookup/").get_json()
    assert (len(every["results"]), every["more"]) == (20, True)
    found = admin.get("/admin/user/lookup/?query=reader07").get_json()
    assert [r["label"] for r in found["results"]] == ["reader07"]
    by_key = admin.get(f"/admin/user/lookup/?query={users[3].id}").get_json()
    assert by_key["results"][0]["id"] == str(users[3].id)
    assert admin.get("/admin/article/ajax/lookup/?name=user&query=reader07", follow_redirects=True).get_json() == found
    assert admin.get("/admin/user/lookup/?query=%").get_json()["results"] == []


def test_a_user_with_ten_thousand_collected_articles_opens_at_once(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    reader = make_user(session, username="reader")
    articles = make_articles(session, 10_000)
    collect(session, reader, articles)
    extra = make_article(session, title="Extra")
    with count_statements() as statements:
        form_page = admin.get(f"/admin/user/edit/?id={reader.id}").get_data(as_text=True)
    assert len(statements) <= 4
    assert len(form_page) < 60_000
    path = f"/admin/user/relation/?id={reader.id}&name=collection_articles"
    with count_statements() as statements:
        panel = admin.get(path).get_data(as_text=True)
    assert len(statements) <= 7
    assert (len(row_keys(panel)), total(panel)) == (25, 10_000)
    attach = path.replace("/relation/", "/relation/attach/")
    with count_statements() as statements:
        assert admin.post(attach, data={"related": str(extra.id)}).status_code == 302
    assert len([s for s in statements if s.startswith("INSERT INTO info_user_collection")]) == 1
    assert not [s for s in statements if s.startswith("DELETE")]
    found = admin.get(path + "&search=Extra").get_data(as_text=True)
    assert row_keys(found) == [str(extra.id)]
    detach = path.replace("/relation/", "/relation/detach/")
    admin.post(detach, data={"rowid": [str(extra.id), str(articles[0].id)]})
    count = session.scalar(sa.select(sa.func.count()).select_from(Collection))
    assert count == 9_999


def test_links_need_the_permission_of_the_link(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    reader, article = make_user(session), make_article(session)
    path = f"/admin/user/relation/attach/?id={reader.id}&name=collection_articles"
    assert sign_in("viewer").post(path, data={"related": str(article.id)}).status_code == 403
    assert sign_in("editor").post(path, data={"related": str(article.id)}).status_code == 302
    assert session.scalar(sa.select(sa.func.count()).select_from(Collection)) == 1


def test_a_related_record_is_named_by_its_exact_text_where_only_one_has_it(
    admin: FlaskClient, session: Session
) -> None:
    reader = make_user(session, username="reader")
    make_article(session, title="三体")
    make_articles(session, 1, title="Twice")
    make_articles(session, 1, title="Twice")
    path = f"/admin/user/relation/attach/?id={reader.id}&name=collection_articles"
    admin.post(path, data={"related": "三体"})
    asked = admin.post(path, data={"related": "Twice"})
    assert (asked.status_code, "Which “Twice”?" in asked.text) == (422, True)
    assert session.scalar(sa.select(sa.func.count()).select_from(Collection)) == 1


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "x" * 5000])
def test_text_that_no_database_keeps_names_no_record(admin: FlaskClient, session: Session, text: str) -> None:
    reader = make_user(session)
    attach = f"/admin/user/relation/attach/?id={reader.id}&name=collection_articles"
    assert admin.post(attach, data={"related": text}).status_code == 422
    assert admin.post("/admin/article/new/", data={"title": "T", "user": text}).status_code == 422


def test_attaching_says_whom_an_article_is_taken_from(admin: FlaskClient, session: Session) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    article = make_article(session, title="T", user=ada)
    path = f"/admin/user/relation/attach/?id={bob.id}&name=articles"
    page = admin.post(path, data={"related": [str(article.id)] * 2}, follow_redirects=True).get_data(as_text=True)
    assert "“T” now belongs to bob, no longer to ada." in page


def test_a_link_knows_when_it_was_made_and_changed(admin: FlaskClient, session: Session) -> None:
    reader, article = make_user(session), make_article(session)
    path = f"/admin/user/relation/attach/?id={reader.id}&name=collection_articles"
    admin.post(path, data={"related": str(article.id)})
    link = session.get_one(Collection, (reader.id, article.id))
    made = link.created_at
    edit = f"/admin/collection/edit/?id={reader.id},{article.id}"
    form = form_of(admin.get(edit).get_data(as_text=True), "version")
    assert admin.post(edit, data={**form, "collected_at": "2026-01-15T12:00"}).status_code == 302
    session.expire_all()
    assert (link.created_at, link.updated_at > made, link.version) == (made, True, 2)
