"""Saved views: what is kept, what addresses open, which one opens first."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import SavedView
from tests.admin.saved_views.shared import ARTICLES, DRAFTS, keep, links, menu, page_of, role_id, tabs, ways
from tests.factories import NOON, make_article, make_articles
from tests.pages import row_keys


def test_a_view_opens_exactly_what_was_kept(ada: FlaskClient, session: Session):
    make_articles(session, 30, published_at=NOON)
    drafts = [str(make_article(session, title=title).id) for title in ("b", "a")]
    state = {"where": DRAFTS, "sort": "title", "columns": "title,content", "page_size": "50"}
    view = keep(ada, "Drafts", **state)
    page = page_of(ada, f"{ARTICLES}?view={view}")
    assert row_keys(page) == drafts[::-1]
    assert re.findall(r'<th[^>]*\sdata-name="([^"]*)"', page) == ["title", "content"]
    assert tabs(page) == ["All", "[Drafts]"]
    assert not {"Save", "Discard changes", "Save as new…"} & ways(page), "nothing differs, so there is nothing to save"
    assert session.scalars(sa.select(SavedView.arguments)).one() == state


def test_what_departs_from_a_view_says_so_and_can_be_saved_or_discarded(ada: FlaskClient, session: Session):
    make_articles(session, 3)
    view = keep(ada, "Mine", sort="title")
    departed = f"{ARTICLES}?sort=-title&based={view}"
    page = page_of(ada, departed)
    assert tabs(page) == ["All", "[Mine changed]"]
    assert {"Save", "Save as new…", "Discard changes"} <= ways(page)
    assert f"{ARTICLES}?view={view}" in links(page)
    sent = menu(page)
    answer = ada.post(f"{ARTICLES}views/change/", data={**sent, "change": "save"})
    assert answer.location == f"{ARTICLES}?view={view}"
    assert tabs(page_of(ada, answer.location)) == ["All", "[Mine]"]
    session.expire_all()
    assert session.get_one(SavedView, view).arguments == {"sort": "-title"}


def test_the_same_question_asked_at_length_is_no_change(ada: FlaskClient, session: Session):
    make_article(session)
    view = keep(ada, "Plain", search="a")
    for more in ("", "&page_size=25", "&sort=-id", "&columns=id,title,user,published,published_at,created_at"):
        assert tabs(page_of(ada, f"{ARTICLES}?search=a&based={view}{more}")) == ["All", "[Plain]"], more
    assert tabs(page_of(ada, f"{ARTICLES}?based={view}")) == ["All", "[Plain changed]"]


def test_every_link_of_an_open_view_departs_from_it(ada: FlaskClient, session: Session):
    make_articles(session, 40)
    view = keep(ada, "Mine", where=DRAFTS, sort="title", page_size="10")
    page = page_of(ada, f"{ARTICLES}?view={view}")
    own = [link for link in links(page) if link.startswith(f"{ARTICLES}?")]
    assert len(own) > 10
    for link in own:
        asked = parse_qs(urlsplit(link).query)
        assert asked.get("based") == [str(view)] or "view" in asked, link
    following = next(link for link in own if "after=" in link or "page=2" in link)
    page = page_of(ada, following)
    assert len(row_keys(page)) == 10
    assert tabs(page) == ["All", "[Mine]"], "another page of a view is the view"


def test_a_search_form_carries_the_whole_view(ada: FlaskClient, session: Session):
    make_article(session)
    view = keep(ada, "Mine", where=DRAFTS, sort="title", columns="title")
    form = re.search(r'<form class="search".*?</form>', page_of(ada, f"{ARTICLES}?view={view}"), re.S)
    assert form
    sent = {n: html.unescape(v) for n, v in re.findall(r'name="([^"]*)" value="([^"]*)"', form[0])}
    assert sent == {"where": DRAFTS, "sort": "title", "columns": "title", "based": str(view), "search": ""}


def test_arguments_beside_a_view_win_over_its_own(ada: FlaskClient, session: Session):
    ids = [str(a.id) for a in make_articles(session, 12)]
    view = keep(ada, "Mine", sort="id", page_size="10")
    assert row_keys(page_of(ada, f"{ARTICLES}?view={view}&sort=-id")) == ids[::-1][:10]
    assert row_keys(page_of(ada, f"{ARTICLES}?view={view}&page=2")) == ids[10:]


@pytest.mark.parametrize("asked", ["999999", "abc", "-1", "1%00", "all2"])
def test_a_view_that_is_not_there_is_told(ada: FlaskClient, session: Session, asked: str):
    page = page_of(ada, f"{ARTICLES}?view={asked}", 404)
    assert "There is no saved view" in page
    assert f'href="{ARTICLES}?view=all"' in page


def test_somebody_elses_private_view_is_not_there(ada: FlaskClient, grace: FlaskClient, session: Session):
    key = str(make_article(session, title="x").id)
    view = keep(ada, "Mine", search="x")
    for path in (f"?view={view}", f"views/edit/?id={view}", f"views/delete/?id={view}"):
        assert "Mine" not in page_of(grace, ARTICLES + path, 404)
    for path in ("edit", "change", "delete"):
        answer = grace.post(
            f"{ARTICLES}views/{path}/", data={"id": view, "version": "1", "name": "y", "change": "save"}
        )
        assert answer.status_code == 404
    page = page_of(grace, f"{ARTICLES}?search=x&based={view}")
    assert (tabs(page), row_keys(page)) == (["[All]"], [key]), "an address that was passed on works all the same"
    assert page_of(ada, f"/admin/user/?view={view}", 404), "a view is of one list"


def test_the_persons_default_opens_then_the_roles_then_all(ada: FlaskClient, grace: FlaskClient, session: Session):
    make_article(session)
    editors = role_id(session, "editor")
    assert tabs(page_of(grace, ARTICLES)) == ["[All]"]
    keep(ada, "Ours", search="x", role_id=editors, is_default="1")
    assert tabs(page_of(grace, ARTICLES)) == ["All", "[Ours]"]
    mine = keep(grace, "Mine", search="y", is_default="1")
    assert tabs(page_of(grace, ARTICLES)) == ["All", "Ours", "[Mine]"]
    assert tabs(page_of(ada, ARTICLES)) == ["All", "[Ours]"]
    assert tabs(page_of(grace, f"{ARTICLES}?view=all")) == ["[All]", "Ours", "Mine"]
    assert tabs(page_of(grace, f"{ARTICLES}?sort=id")) == ["[All]", "Ours", "Mine"], "with arguments, no default"
    assert tabs(page_of(grace, f"{ARTICLES}?view={mine}")) == ["All", "Ours", "[Mine]"]


def test_links_from_all_stay_off_the_default(ada: FlaskClient, session: Session):
    make_articles(session, 30)
    keep(ada, "Mine", search="nothing at all", is_default="1")
    for address in (f"{ARTICLES}?view=all", f"{ARTICLES}?search=Article"):
        page = page_of(ada, address)
        own = [link for link in links(page) if link.startswith(ARTICLES + "?") and "view=" not in link]
        assert own == []
        assert f'href="{ARTICLES}"' not in page.partition('<div class="views">')[2]
