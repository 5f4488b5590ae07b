"""Panels: lists that are pasted, links that go together, and records that are made where they are needed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.views.article import ArticleView
from backoffice.admin.views.collection import CollectionView
from backoffice.models import Article, Collection, Role, User
from tests.factories import collect, make_article, make_articles, make_user
from tests.pages import field_value, row_keys, total


def panel(user: User, page: str = "", name: str = "collection_articles", **more: str) -> str:
    arguments = "".join(f"&{key}={value}" for key, value in more.items())
    return f"/admin/user/relation/{page}?id={user.id}&name={name}{arguments}"


def collected(session: Session, user: User) -> set[int]:
    session.expire_all()
    found = sa.select(Collection.article_id).where(Collection.user_id == user.id)
    return set(session.scalars(found))


def test_a_pasted_list_is_recognised_and_then_attached_in_one_press(admin: FlaskClient, session: Session) -> None:
    reader = make_user(session, username="reader")
    one, two, there = make_article(session, title="One"), make_article(session), make_article(session)
    twins = make_articles(session, 1, title="Twice") + make_articles(session, 1, title="Twice")
    collect(session, reader, there)
    text = f"One\nOne\n{two.id}; {there.id}\nTwice\n<b>nobody</b>"
    shown = admin.post(panel(reader, "attach-list/"), data={"texts": text}).text
    for words in (
        "2 records will be attached",
        "1 is attached already",
        "1 line says what another says",
        "1 name is borne by several records",
        "1 line was not found",
        "&lt;b&gt;nobody&lt;/b&gt;",
    ):
        assert words in shown
    assert collected(session, reader) == {there.id}
    keys = field_value(shown, "keys")
    again = admin.post(panel(reader, "attach-list/"), data={"texts": field_value(shown, "texts"), "step": "edit"}).text
    assert field_value(again, "texts") == f"One\n{two.id}\n{there.id}\nTwice\n<b>nobody</b>"
    data = {"keys": keys, "choice-1": str(twins[1].id), "step": "attach", "texts": text}
    done = admin.post(panel(reader, "attach-list/"), data=data, follow_redirects=True)
    assert "3 records were attached." in done.text
    assert collected(session, reader) == {one.id, two.id, there.id, twins[1].id}


def test_what_was_typed_stays_where_a_list_is_refused(admin: FlaskClient, session: Session) -> None:
    reader = make_user(session)
    too_many = "\n".join(f"Title {n}" for n in range(5001))
    refused = admin.post(panel(reader, "attach-list/"), data={"texts": too_many})
    assert (refused.status_code, "Paste it in parts" in refused.text) == (400, True)
    assert field_value(refused.text, "texts") == too_many
    data = {"texts": "nobody", "keys": "", "step": "attach"}
    nothing = admin.post(panel(reader, "attach-list/"), data=data)
    assert (nothing.status_code, field_value(nothing.text, "texts")) == (400, "nobody")
    assert admin.post(panel(reader, "attach-list/"), data={"texts": " \n "}).status_code == 400


@pytest.mark.sqlite_only
def test_five_thousand_lines_are_recognised_and_attached(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    reader = make_user(session)
    make_articles(session, 5000)
    texts = "\r\n".join(f"Article {n}" for n in range(1, 5001))
    with count_statements() as statements:
        shown = admin.post(panel(reader, "attach-list/"), data={"texts": texts}).text
    assert "5,000 records will be attached." in shown
    assert len(statements) <= 40
    data = {"keys": field_value(shown, "keys"), "step": "attach"}
    with count_statements() as statements:
        assert admin.post(panel(reader, "attach-list/"), data=data).status_code == 302
    assert len(statements) <= 40
    assert len(collected(session, reader)) == 5000


def test_a_list_says_what_is_taken_from_others(admin: FlaskClient, session: Session) -> None:
    ada, bob = make_user(session), make_user(session)
    mine, theirs, free = (make_article(session, title=t, user_id=u) for t, u in
                          (("A", ada.id), ("B", bob.id), ("C", None)))  # fmt: skip
    shown = admin.post(panel(ada, "attach-list/", "articles"), data={"texts": "A\nB\nC"}).text
    assert "2 records will be attached." in shown
    assert "1 of them belongs to another record now and is taken from it." in shown
    data = {"keys": field_value(shown, "keys"), "step": "attach"}
    done = admin.post(panel(ada, "attach-list/", "articles"), data=data, follow_redirects=True).text
    assert "2 records were attached." in done
    session.expire_all()
    assert {a.user_id for a in (mine, theirs, free)} == {ada.id}


def test_several_are_attached_from_one_field_between_commas(admin: FlaskClient, session: Session) -> None:
    reader = make_user(session)
    one, two = make_article(session, title="One, two"), make_article(session, title="Three")
    by_key = make_article(session)
    sent = {"related": ["One, two", f"Three，{by_key.id}", ""]}
    assert admin.post(panel(reader, "attach/"), data=sent).status_code == 302
    assert collected(session, reader) == {one.id, two.id, by_key.id}
    asked = admin.post(panel(reader, "attach/"), data={"related": "Three, nobody"})
    assert (asked.status_code, field_value(asked.text, "texts")) == (422, "Three\nnobody")


def test_everything_that_a_search_finds_is_detached_after_a_true_number(admin: FlaskClient, session: Session) -> None:
    reader, other = make_user(session), make_user(session)
    articles = [make_article(session, title=f"Bridge {n}") for n in range(12)] + [make_article(session, title="Boat")]
    collect(session, reader, articles)
    collect(session, other, articles)
    shown = admin.get(panel(reader, search="Bridge")).text
    address = html.unescape(re.findall(r'href="([^"]*detach-all[^"]*)"', shown)[0])
    asked = admin.get(address).text
    assert "Detach 12 records from Collected articles of" in asked
    assert "and 2 more" in asked
    late = make_article(session, title="Bridge of late")
    collect(session, reader, late)
    asked = admin.post(address, data={"count": field_value(asked, "count")}).text
    assert "Detach 13 records" in asked, "more than was agreed to is asked about again"
    assert len(collected(session, reader)) == 14
    done = admin.post(address, data={"count": field_value(asked, "count")}, follow_redirects=True)
    assert "13 records were detached." in done.text
    assert (collected(session, reader), len(collected(session, other))) == ({articles[-1].id}, 13)
    assert "Nothing matches any more" in admin.post(address, data={"count": "13"}, follow_redirects=True).text


def test_no_more_is_detached_at_once_than_one_request_can_do(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.admin.detaching.MOST", 20)
    reader = make_user(session)
    collect(session, reader, make_articles(session, 21))
    told = admin.get(panel(reader, "detach-all/"), follow_redirects=True).text
    assert "More than 20 records match" in told
    assert admin.post(panel(reader, "detach-all/"), data={"count": "99"}).status_code == 302
    assert len(collected(session, reader)) == 21


def test_a_panel_costs_the_same_at_ten_links_and_at_a_hundred_thousand(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    few, many = make_user(session), make_user(session)
    # A thousand, and a hundred times the same: the database copies them faster than anybody writes them.
    first = [article.id for article in make_articles(session, 1000)]
    again = sa.orm.aliased(Article)
    names = ("title", "content", "version", "created_at", "updated_at", "search_tokens")
    copies = sa.select(*(getattr(Article, name) for name in names)).join(again, again.id <= first[98])
    session.execute(sa.insert(Article).from_select(names, copies, include_defaults=False))
    keys = sa.select(sa.literal(many.id), Article.id, *(sa.literal(few.created_at),) * 3)
    names = ("user_id", "article_id", "collected_at", "created_at", "updated_at")
    session.execute(sa.insert(Collection).from_select(names, keys, include_defaults=False))
    session.commit()
    collect(session, few, session.scalars(sa.select(Article).limit(10)).all())
    costs = []
    for user, rows in ((few, 10), (many, 25)):
        with count_statements() as statements:
            assert len(row_keys(admin.get(panel(user)).text)) == rows
        costs.append(len(statements))
        assert not [s for s in statements if "count(*)" in s.lower() and "LIMIT" not in s.upper()]
    assert max(costs) <= 6, costs


def test_a_panel_is_counted_by_its_links_alone_unless_a_scope_leaves_some_out(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch, count_statements: Callable[[], Any]
) -> None:
    reader, articles = make_user(session), make_articles(session, 30)
    collect(session, reader, articles)
    here, last = panel(reader), articles[-1].id
    with count_statements() as statements:
        assert total(admin.get(here).text) == 30
    counts = [s for s in statements if "count(" in s.lower()]
    assert counts
    assert not [s for s in counts if re.search(r"FROM [`\"]?article\b", s)], "no article is looked at to count it"
    assert total(admin.get(here + "&search=1").text) == len([n for n in range(1, 31) if str(n).startswith("1")])
    with monkeypatch.context() as patch:
        patch.setattr(ArticleView, "get_query", lambda _view: sa.select(Article).where(Article.id != last))
        assert total(admin.get(here).text) == 29
    scope = sa.select(Collection).where(Collection.article_id < last - 1)
    monkeypatch.setattr(CollectionView, "get_query", lambda _view: scope)
    assert total(admin.get(here).text) == 28


# -- creating in place -------------------------------------------------------------------------------------------------


def new_address(page: str) -> str:
    return html.unescape(re.findall(r'href="(/admin/article/new/\?[^"]*)"', page)[0])


def test_an_article_made_from_a_panel_belongs_to_its_user_and_leads_back(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    address = new_address(admin.get(panel(ada, name="articles")).text)
    form = admin.get(address).text
    assert field_value(form, "user") == str(ada.id)
    assert "For ada: Articles" in form
    done = admin.post(address, data={"title": "Made here", "user": str(ada.id)})
    assert urlsplit(done.location).path == "/admin/user/relation/"
    assert session.scalars(sa.select(Article)).one().user_id == ada.id
    wrong = admin.post(address, data={"title": "", "user": "ada"})
    assert wrong.status_code == 422
    assert parse_qs(urlsplit(html.unescape(re.findall(r'<form[^>]*action="([^"]*new[^"]*)"', wrong.text)[0])).query)[
        "relation"
    ] == ["user.articles"]


def test_an_article_made_from_a_collection_is_linked_in_the_same_transaction(
    admin: FlaskClient, session: Session
) -> None:
    reader = make_user(session)
    old = make_articles(session, 30)
    collect(session, reader, old)
    address = new_address(admin.get(panel(reader)).text)
    assert admin.post(address, data={"title": ""}).status_code == 422
    done = admin.post(address, data={"title": "Kept", "_add_another": "1"})
    assert parse_qs(urlsplit(done.location).query)["relation"] == ["user.collection_articles"]
    made = session.scalars(sa.select(Article).where(Article.title == "Kept")).one()
    assert collected(session, reader) == {article.id for article in old} | {made.id}


def test_a_user_is_made_from_the_panel_of_an_article(admin: FlaskClient, session: Session) -> None:
    article = make_article(session)
    address = f"/admin/user/new/?relation=article.users&of={article.id}"
    taken = make_user(session, username="ada")
    again = admin.post(address, data={"username": "ada", "email": "x@example.com"})
    assert (again.status_code, collected(session, taken)) == (409, set())
    assert admin.post(address, data={"username": "bob", "email": "x@example.com"}).status_code == 302
    assert collected(session, session.scalars(sa.select(User).where(User.username == "bob")).one()) == {article.id}


@pytest.mark.sqlite_only
def test_creating_in_place_needs_both_permissions(
    admin: FlaskClient, sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    reader = make_user(session)
    session.add(Role(name="writer", permissions=["user:read", "article:*", "collection:read"]))
    session.commit()
    writer, viewer = sign_in("writer"), sign_in("viewer")
    assert "relation=user.collection_articles" not in writer.get(panel(reader)).text
    address = f"/admin/article/new/?relation=user.collection_articles&of={reader.id}"
    assert writer.post(address, data={"title": "T"}).status_code == 403
    assert viewer.post(address, data={"title": "T"}).status_code == 403
    assert session.scalars(sa.select(Article)).all() == []
    for page in ("attach-list/", "detach-all/"):
        assert writer.get(panel(reader, page)).status_code == 403
        assert writer.post(panel(reader, page), data={"texts": "T", "count": "1"}).status_code == 403


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "arguments", ["relation=user.nothing&of=1", "relation=nobody.articles&of=1", "relation=user.articles&of=999",
                  "relation=article.users&of=1", "relation=x", "copy=999"]
)  # fmt: skip
def test_an_origin_that_is_none_is_told(admin: FlaskClient, session: Session, arguments: str) -> None:
    make_user(session)
    make_article(session)
    for ask in (admin.get, admin.post):
        assert ask(f"/admin/article/new/?{arguments}").status_code == 404


@pytest.mark.sqlite_only
def test_a_record_made_from_a_picker_is_handed_over(admin: FlaskClient, session: Session) -> None:
    form = admin.get("/admin/article/new/").text
    address = html.unescape(re.findall(r'href="(/admin/user/new/\?[^"]*into=[^"]*)"', form)[0])
    assert field_value(admin.get(address + "&text=ada").text, "username") == "ada"
    assert 'name="_add_another"' not in admin.get(address).text
    done = admin.post(address, data={"username": "<ada>", "email": "ada@example.com"})
    page = admin.get(done.location).text
    made = session.scalars(sa.select(User)).one()
    assert f'data-id="{made.id}" data-label="&lt;ada&gt;"' in page
    assert 'data-into=""' not in admin.get(f"/admin/user/created/?id={made.id}&into=<script>").text


@pytest.mark.sqlite_only
def test_who_may_not_create_users_is_offered_none(sign_in: Callable[..., FlaskClient]) -> None:
    assert "into=" not in sign_in("editor").get("/admin/article/new/").text
