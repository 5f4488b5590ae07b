"""What a saved view never does: grant, fail, or cost a statement of its own."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Role, SavedView, Staff
from tests.admin.saved_views.shared import ARTICLES, keep, page_of, role_id, tabs, ways
from tests.factories import make_article, make_articles, make_user
from tests.pages import row_keys


def test_a_view_grants_no_rows(
    app: Flask, ada: FlaskClient, grace: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
):
    from flask_security import current_user

    secret, public = make_article(session, title="secret"), make_article(session, title="public")
    view = keep(ada, "Ours", sort="title", role_id=role_id(session, "editor"))
    listed = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "article")
    everything = listed.get_query

    def scope() -> Any:
        hidden = current_user.email == "grace@example.com"
        return everything().where(listed.model.title != "secret") if hidden else everything()

    monkeypatch.setattr(listed, "get_query", scope)
    assert row_keys(page_of(ada, f"{ARTICLES}?view={view}")) == [str(public.id), str(secret.id)]
    assert row_keys(page_of(grace, f"{ARTICLES}?view={view}")) == [str(public.id)]


def test_a_filter_that_this_person_may_not_ask_shows_nothing_until_it_is_cleared(
    ada: FlaskClient, grace: FlaskClient, session: Session
):
    author = make_user(session, username="nobody’s business")
    key = str(make_article(session, user=author).id)
    asked = json.dumps({"all": [["user", "in", [author.id]]]})
    view = keep(ada, "Hers", where=asked, sort="title", role_id=role_id(session, "editor"), is_default="1")
    assert row_keys(page_of(grace, f"{ARTICLES}?view={view}")) == [key]
    session.scalars(sa.select(Role).where(Role.name == "editor")).one().permissions = ["article:*"]
    session.commit()
    for address in (f"{ARTICLES}?view={view}", ARTICLES):
        page = page_of(grace, address)
        assert row_keys(page) == []
        assert "This view cannot be shown" in page
        assert tabs(page) == ["All", "[Hers]"]
        assert "data-count" not in page, "nothing was counted"
    cleared = re.search(r'href="([^"]*)">Clear search and filters', page)
    assert cleared
    page = page_of(grace, html.unescape(cleared[1]))
    assert (row_keys(page), tabs(page)) == ([key], ["All", "[Hers changed]"])
    assert page_of(grace, f"{ARTICLES}?where={asked}", 400), "and by hand it cannot be asked either"


def test_a_view_with_a_column_that_is_gone_says_so_and_opens(ada: FlaskClient, session: Session):
    make_article(session, title="x")
    view = keep(ada, "Mine", search="x", columns="title,content", sort="title")
    session.get_one(SavedView, view).arguments = {
        "search": "x", "columns": "gone,title", "sort": "lost,-title", "page_size": "7",
    }  # fmt: skip
    session.commit()
    page = page_of(ada, f"{ARTICLES}?view={view}")
    assert re.findall(r'<th[^>]*\sdata-name="([^"]*)"', page) == ["title"]
    notices = " ".join(re.findall(r'<div class="notice notice-warning" role="status">.*?</div>', page, re.S))
    assert all(word in notices for word in ("gone", "lost", "7"))
    assert {"Save"} <= ways(page), "what is left can be kept"
    assert ada.get(f"{ARTICLES}?columns=gone").status_code == 400, "from an address made by hand it is wrong"


def test_a_search_of_a_list_that_knows_none_any_more_shows_nothing(
    app: Flask, ada: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
):
    make_article(session, title="y")
    view = keep(ada, "Mine", search="x")
    listed = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "article")
    monkeypatch.setitem(vars(listed), "vocabulary", None)
    monkeypatch.setattr(listed, "column_searchable_list", None)
    del vars(listed)["vocabulary"]
    page = page_of(ada, f"{ARTICLES}?view={view}")
    del vars(listed)["vocabulary"]
    assert (row_keys(page), "This view cannot be shown" in page) == ([], True)


@pytest.mark.parametrize("kept", [{"where": "{"}, {"where": 5}, {"search": "x" * 500}, {"sort": 7}, {"page": "x"}, {}])
def test_a_view_that_holds_nonsense_is_no_failure(ada: FlaskClient, session: Session, kept: dict[str, Any]):
    view = keep(ada, "Mine", is_default="1")
    session.execute(sa.update(SavedView).values(arguments=kept))
    session.commit()
    for address in (f"{ARTICLES}?view={view}", ARTICLES, f"{ARTICLES}views/edit/?id={view}"):
        assert page_of(ada, address)


def test_me_and_today_mean_whoever_opens_it(ada: FlaskClient, grace: FlaskClient, session: Session):
    written = {}
    for name in ("ada", "grace"):
        author = make_user(session, username=name, email=f"{name}@example.com")
        written[name] = str(make_article(session, user=author).id)
    asked = json.dumps({"all": [["user", "in", ["me"]], ["created_at", "during", "today"]]}, separators=(",", ":"))
    view = keep(ada, "Mine today", where=asked, role_id=role_id(session, "editor"))
    assert session.scalars(sa.select(SavedView.arguments)).one() == {"where": asked}
    assert row_keys(page_of(ada, f"{ARTICLES}?view={view}")) == [written["ada"]]
    assert row_keys(page_of(grace, f"{ARTICLES}?view={view}")) == [written["grace"]]


def test_all_tabs_cost_one_statement(ada: FlaskClient, session: Session, count_statements: Callable[[], Any]):
    make_articles(session, 3)
    owner = session.scalars(sa.select(Staff.id).where(Staff.email == "ada@example.com")).one()
    editors = role_id(session, "editor")
    for n in range(20):
        session.add(
            SavedView(endpoint="article", name=f"View {n}", owner_id=owner, role_id=editors if n % 2 else None,
                      position=n, arguments={"search": str(n)})
        )  # fmt: skip
    session.commit()
    view = session.scalars(sa.select(SavedView.id).limit(1)).one()
    for address in (ARTICLES, f"{ARTICLES}?view={view}", f"{ARTICLES}?view=all"):
        with count_statements() as statements:
            page = page_of(ada, address)
        assert len(tabs(page)) == 21
        assert len(read_views(statements)) == 1
        assert len(statements) <= 5, statements


def read_views(statements: list[str]) -> list[str]:
    """The statements that read saved views, not those that only look whether there are any."""
    return [s for s in statements if "saved_view.arguments" in s.replace('"', "").replace("`", "")]


def test_a_list_in_which_this_person_sees_no_saved_view_asks_for_none(
    ada: FlaskClient, grace: FlaskClient, session: Session, count_statements: Callable[[], Any]
):
    make_articles(session, 3)
    keep(ada, "Of another list", "/admin/user/")
    for address in (ARTICLES, f"{ARTICLES}?view=12", f"{ARTICLES}export/csv/"):
        with count_statements() as statements:
            ada.get(address).close()
        assert read_views(statements) == []
    mine = keep(ada, "Mine")
    with count_statements() as statements:
        assert tabs(page_of(ada, f"{ARTICLES}?view={mine}")) == ["All", "[Mine]"]
    assert len(read_views(statements)) == 1
    with count_statements() as statements:
        assert tabs(page_of(grace, ARTICLES)) == ["[All]"]
    assert read_views(statements) == []
    keep(ada, "Ours", sort="title", role_id=role_id(session, "editor"))
    assert tabs(page_of(grace, ARTICLES)) == ["[All]", "Ours"]


def test_a_view_of_every_list_can_be_kept(sign_in: Callable[..., FlaskClient], session: Session):
    admin = sign_in("admin")
    for path in ("/admin/user/", "/admin/collection/", "/admin/staff/", ARTICLES):
        view = keep(admin, "Mine", path, page_size="50")
        assert tabs(page_of(admin, f"{path}?view={view}")) == ["All", "[Mine]"]
