"""The tools of a record's page: neighbours in the list one came from, a copy, its link, itself as JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Article, Role, User
from tests.factories import NOON, collect, make_article, make_user
from tests.pages import field_value, listed

Step = Callable[[str, str], str | None]


def neighbour(page: str, rel: str) -> str | None:
    """Where a page leads by Previous or Next, if anywhere."""
    found = re.findall(rf'<a class="[^"]*" rel="{rel}" href="([^"]*)"', page)
    return html.unescape(found[0]) if found else None


def walk(admin: FlaskClient, address: str, rel: str) -> list[str]:
    """The keys of the records that one comes by."""
    seen: list[str] = []
    at: str | None = address
    while at is not None and len(seen) < 100:
        answer = admin.get(at)
        assert answer.status_code == 200
        seen += re.findall(r"[?&]id=([^&]+)", at)
        at = neighbour(answer.text, rel)
    return seen


def library(session: Session) -> int:
    """Articles with all that makes an order hard: equal titles, no author, no moment, several alphabets.

    Gives the key of one, which stands in the titles of others.
    """
    ada, bob = make_user(session, username="ada"), make_user(session, username="Bob")
    titles = ["a", "A", "b", "三体", "", "a", "É", "e", "x 100%", "a", "😀", "b"]
    for number, title in enumerate(titles):
        moment = None if number % 3 == 0 else NOON + timedelta(microseconds=number % 4)
        make_article(session, title=title, published_at=moment, user_id=(None, ada.id, bob.id)[number % 3])
    key = make_article(session, title="c").id
    for title in (f"{key} a", f"b {key}", str(key)):
        make_article(session, title=title)
    return key


@pytest.mark.parametrize(
    ("page", "question"),
    [("details", ""), ("edit", "sort=title"), ("details", "sort=-published_at,title"), ("details", "sort=published_at"),
     ("edit", "sort=-user"), ("details", "sort=user,-title"), ("details", "search=a&sort=-title"),
     ("details", "search={key}"), ("edit", 'where=[["title","in",["a","b"]]]&sort=published_at')],
)  # fmt: skip
def test_next_and_previous_visit_every_row_of_the_list_once(
    admin: FlaskClient, session: Session, page: str, question: str
) -> None:
    question = question.replace("{key}", str(library(session)))
    arguments = dict(part.split("=", 1) for part in question.split("&") if part)
    keys = listed(admin, "/admin/article/", page_size="100", **arguments)
    back = quote(f"/admin/article/?{question}")
    assert keys
    assert walk(admin, f"/admin/article/{page}/?id={keys[0]}&url={back}", "next") == keys
    assert walk(admin, f"/admin/article/{page}/?id={keys[-1]}&url={back}", "prev") == keys[::-1]


def test_a_step_from_a_panel_stays_in_the_panel(admin: FlaskClient, session: Session) -> None:
    reader = make_user(session)
    articles = [make_article(session, title=f"T {n % 2}") for n in range(6)]
    collect(session, reader, articles[::2])
    back = quote(f"/admin/user/relation/?id={reader.id}&name=collection_articles&sort=title")
    start = f"/admin/article/details/?id={articles[0].id}&url={back}"
    assert walk(admin, start, "next") == [str(article.id) for article in articles[::2]]


def test_a_step_costs_two_statements_however_many_rows_there_are(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    session.execute(sa.insert(Article), [{"title": f"T {n}", "content": ""} for n in range(3000)])
    session.commit()
    middle = session.scalars(sa.select(Article.id).order_by(Article.id).offset(1500).limit(1)).one()
    with count_statements() as alone:
        admin.get(f"/admin/article/details/?id={middle}")
    with count_statements() as stepping:
        page = admin.get(f"/admin/article/details/?id={middle}&url=/admin/article/?sort=title").text
    assert len(stepping) - len(alone) <= 3, "who sees which saved views, the row before, the row after"
    assert (neighbour(page, "prev") is None, neighbour(page, "next") is None) == (False, False)


def test_a_record_that_no_longer_matches_leads_on_from_where_it_stood(admin: FlaskClient, session: Session) -> None:
    one, two, three = (make_article(session, title=f"Kept {n}") for n in range(3))
    two.title = "Kept no, Gone 1"
    session.commit()
    where = quote('[["title","starts_with","Kept "]]')
    back = quote(f"/admin/article/?where={where}&sort=id")
    two.title = "Gone"
    session.commit()
    page = admin.get(f"/admin/article/details/?id={two.id}&url={back}").text
    assert f"id={one.id}&" in str(neighbour(page, "prev"))
    assert f"id={three.id}&" in str(neighbour(page, "next"))


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "back", ["", "/admin/", "/admin/user/", "//example.com/admin/article/", "/admin/article/?sort=nothing",
             "/admin/article/?where={", "/admin/user/relation/?id=999&name=articles", "/admin/user/relation/",
             "/admin/article/?view=999", "/admin/article/?after=x&sort=no", "/nowhere"]
)  # fmt: skip
def test_without_a_list_there_are_no_steps(admin: FlaskClient, session: Session, back: str) -> None:
    make_article(session)
    article = make_article(session)
    make_article(session)
    answer = admin.get("/admin/article/details/", query_string={"id": article.id, "url": back})
    assert (answer.status_code, 'class="steps"' in answer.text) == (200, False)


@pytest.mark.sqlite_only
def test_steps_show_nothing_that_the_panel_would_not(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    reader, hidden, kept = make_user(session), make_article(session), make_article(session)
    collect(session, reader, [hidden, kept])
    session.add(Role(name="blind", permissions=["article:*"]))
    session.commit()
    back = quote(f"/admin/user/relation/?id={reader.id}&name=collection_articles")
    page = sign_in("blind").get(f"/admin/article/details/?id={kept.id}&url={back}").text
    assert 'class="steps"' not in page


# -- a copy ------------------------------------------------------------------------------------------------------------


def test_a_copy_is_a_form_with_the_records_values_and_saves_nothing(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    article = make_article(session, title="三体", content="一\n二", user_id=ada.id, published_at=NOON)
    details = admin.get(f"/admin/article/details/?id={article.id}").text
    address = html.unescape(re.findall(r'href="(/admin/article/new/\?copy=[^"]*)"', details)[0])
    form = admin.get(address).text
    assert "This is a copy of “三体”. Nothing is saved until you press Save." in form
    sent = {name: field_value(form, name) for name in ("title", "content", "user", "published_at")}
    moment = "2026-01-15T12:00:00"
    assert sent == {"title": "三体", "content": "一\n二", "user": str(ada.id), "published_at": moment}
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1
    assert admin.post(address, data=sent).status_code == 302
    session.expire_all()
    copy = session.scalars(sa.select(Article).where(Article.id != article.id)).one()
    assert (copy.title, copy.content, copy.user_id, copy.published_at, copy.version) == (
        "三体",
        "一\n二",
        ada.id,
        NOON,
        1,
    )
    assert copy.created_at > article.created_at


def test_unique_values_are_suggested_anew_or_left_empty_and_passwords_never_come_along(
    admin: FlaskClient, session: Session
) -> None:
    ada = make_user(session, username="ada", email="ada@example.com", name="Ada", address="1 Street")
    ada.password = "open sesame"
    session.commit()
    make_user(session, username="Ada-Copy" if session.get_bind().dialect.name == "mysql" else "ada-copy")
    form = admin.get(f"/admin/user/new/?copy={ada.id}").text
    names = ("username", "email", "name", "address", "password")
    assert [field_value(form, name) for name in names] == ["ada-copy-2", "", "Ada", "1 Street", ""]
    assert "the copied one has “ada@example.com”" in form
    assert "Not copied: Password." in form
    assert "argon2" not in form


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("value", "suggestion"),
    [("Ada Lovelace", "Ada Lovelace (copy)"), ("李雷", "李雷 (copy)"), ("a" * 80, "a" * 75 + "-copy"), ("x@y", "")],
)
def test_a_suggestion_fits_its_column(admin: FlaskClient, session: Session, value: str, suggestion: str) -> None:
    user = make_user(session, username=value)
    assert field_value(admin.get(f"/admin/user/new/?copy={user.id}").text, "username") == suggestion


@pytest.mark.sqlite_only
def test_copying_takes_the_right_to_read_and_to_create(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    article, user = make_article(session, title="Secret"), make_user(session)
    session.add(Role(name="blind", permissions=["article:create"]))
    session.commit()
    assert sign_in("blind").get(f"/admin/article/new/?copy={article.id}").status_code == 403
    viewer = sign_in("viewer")
    assert viewer.get(f"/admin/article/new/?copy={article.id}").status_code == 403
    assert "new/?copy=" not in viewer.get(f"/admin/article/details/?id={article.id}").text
    assert "new/?copy=" not in sign_in("editor").get(f"/admin/user/details/?id={user.id}").text


# -- its link and its JSON ---------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_the_link_of_a_record_leaves_the_list_behind(admin: FlaskClient, session: Session) -> None:
    article = make_article(session)
    page = admin.get(f"/admin/article/edit/?id={article.id}&url=/admin/article/?search=x").text
    assert f'href="http://localhost/admin/article/details/?id={article.id}" data-controller="copy"' in page


def test_a_record_as_json_has_its_columns_its_relations_and_no_secret(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    ada.password = "open sesame"
    article = make_article(session, title="三体", content="<b>", user_id=ada.id, published_at=NOON)
    answer = admin.get(f"/admin/article/json/?id={article.id}")
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    found = json.loads(answer.data)
    created = found.pop("created_at"), found.pop("updated_at")
    assert all(moment.endswith("Z") for moment in created)
    assert found == {
        "id": article.id, "title": "三体", "user": {"key": str(ada.id), "label": "ada"}, "published": True,
        "published_at": "2026-01-15T12:00:00Z", "content": "<b>", "version": 1,
    }  # fmt: skip
    assert "三体" in answer.text
    assert answer.text.startswith('{\n  "id"')
    user = admin.get(f"/admin/user/json/?id={ada.id}").text
    assert "password" not in user
    assert "argon2" not in user
    assert admin.get("/admin/article/json/?id=999").status_code == 404


@pytest.mark.sqlite_only
def test_json_takes_the_right_to_read(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    session.add(Role(name="articles-only", permissions=["article:read"]))
    session.commit()
    ada = make_user(session, username="ada")
    article = make_article(session, user_id=ada.id)
    reader = sign_in("articles-only")
    assert reader.get(f"/admin/user/json/?id={ada.id}").status_code == 403
    assert reader.get(f"/admin/article/json/?id={article.id}").get_json()["user"] == {"key": None, "label": "ada"}
    assert session.scalars(sa.select(User)).one().username == "ada"
