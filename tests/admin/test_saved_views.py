"""Saved views in the browser's eyes: tabs, what addresses open, who may change them, what they never grant."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Role, SavedView, Staff
from tests.factories import NOON, make_article, make_articles, make_user
from tests.pages import row_keys

ARTICLES = "/admin/article/"
DRAFTS = json.dumps({"all": [["published_at", "null"]]}, separators=(",", ":"))


@pytest.fixture
def ada(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in("editor", "ada@example.com")


@pytest.fixture
def grace(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in("editor", "grace@example.com")


def role_id(session: Session, name: str) -> int:
    return session.scalars(sa.select(Role.id).where(Role.name == name)).one()


def keep(client: FlaskClient, name: str, path: str = ARTICLES, **form: Any) -> int:
    """Save a view; the id that its address bears."""
    response = client.post(f"{path}views/new/", data={"name": name, **form})
    assert response.status_code == 302, response.text
    return int(parse_qs(urlsplit(response.location).query)["view"][0])


def page_of(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.text
    return response.text


def tabs(page: str) -> list[str]:
    """The words of the tabs in order, the open one in brackets."""
    row = re.search(r'<nav class="tabs" data-controller="tabs" aria-label="Saved views">(.*?)</nav>', page, re.S)
    assert row
    words = []
    for attributes, inner in re.findall(r"<a ([^>]*)>(.*?)</a>", row[1], re.S):
        label = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", inner)).split())
        words.append(f"[{label}]" if "aria-current" in attributes else label)
    return words


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)]


def ways(page: str) -> set[str]:
    """What the row of tabs offers to do."""
    part = page.partition('<div class="views-tools">')[2].partition('<div class="list-tools">')[0]
    return {w for w in ("Save", "Save as new…", "Save view…", "Discard changes", "Delete…") if f">{w}<" in part
            or f"</svg>{w}<" in part}  # fmt: skip


def menu(page: str) -> dict[str, str]:
    """What the form beside the tabs sends."""
    form = re.search(r'<form[^>]*id="view-change".*?</form>', page, re.S)
    assert form
    return {n: html.unescape(v) for n, v in re.findall(r'name="([^"]*)" value="([^"]*)"', form[0])}


# -- keeping and opening -----------------------------------------------------------------------------------------------


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


# -- which one opens first ---------------------------------------------------------------------------------------------


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


# -- files and counts --------------------------------------------------------------------------------------------------


def exported(client: FlaskClient, query: str) -> list[list[str]]:
    """The rows of a CSV file, its heads first."""
    text = page_of(client, f"{ARTICLES}export/csv/?{query}").removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline="")))


def counted(client: FlaskClient, query: str) -> int:
    answer = client.get(f"{ARTICLES}count/?{query}")
    assert answer.status_code == 200, answer.text
    return int(answer.get_json()["count"])


def test_a_file_and_a_count_of_a_view_hold_its_rows(ada: FlaskClient, session: Session):
    make_articles(session, 3, published_at=NOON)
    for title in ("b", "a"):
        make_article(session, title=title)
    view = keep(ada, "Drafts", where=DRAFTS, sort="title", columns="title")
    assert exported(ada, f"view={view}") == [["Title"], ["a"], ["b"]]
    assert exported(ada, f"view={view}&sort=-title") == [["Title"], ["b"], ["a"]]
    assert exported(ada, f"view={view}&columns=id,title")[0] == ["ID", "Title"]
    assert exported(ada, f"view={view}&search=b") == [["Title"], ["b"]]
    assert len(exported(ada, f"based={view}&columns=title")) == 6, "it departs from the view"
    assert [counted(ada, asked) for asked in (f"view={view}", f"based={view}", "view=all")] == [2, 5, 5]
    for asked, name in ((f"view={view}", "Drafts-"), (f"based={view}", "Drafts-"), ("view=all", "")):
        disposition = ada.get(f"{ARTICLES}export/csv/?{asked}").headers["Content-Disposition"]
        assert re.search(rf'filename="article-{name}\d{{4}}-\d\d-\d\d\.csv"', disposition), disposition


def test_a_file_and_a_count_take_no_default(ada: FlaskClient, session: Session):
    make_articles(session, 3)
    keep(ada, "Mine", search="nothing at all", is_default="1")
    assert len(exported(ada, "")) == 4
    assert counted(ada, "") == 3


def test_a_file_and_a_count_of_a_view_that_is_not_there_are_not_found(
    ada: FlaskClient, grace: FlaskClient, session: Session
):
    make_article(session)
    view = keep(ada, "Mine", where=DRAFTS)
    for asked in (str(view), "999999", "abc", "1%00"):
        for path in ("export/csv/", "count/"):
            for more in ("", "&search=x"):
                assert "There is no saved view" in page_of(grace, f"{ARTICLES}{path}?view={asked}{more}", 404)


def test_a_file_of_a_view_whose_search_is_gone_is_refused(
    app: Flask, ada: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
):
    make_article(session, title="y")
    view = keep(ada, "Mine", search="x")
    listed = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "article")
    monkeypatch.setattr(listed, "vocabulary", replace(listed.vocabulary, searchable={}))
    for address in (f"export/csv/?view={view}", f"export/csv/?view={view}&columns=title", f"?view={view}&columns=id"):
        assert "can no longer be searched" in page_of(ada, ARTICLES + address, 400)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("x＂; filename=＂evil.exe", "x-; filename=-evil.exe"), ("a／b＼c：d＜e＞f｜g？h＊", "a-b-c-d-e-f-g-h-")],
)
def test_a_views_name_stays_within_the_name_of_its_file(ada: FlaskClient, session: Session, name: str, plain: str):
    view = keep(ada, name, sort="id")
    disposition = ada.get(f"{ARTICLES}export/csv/?view={view}").headers["Content-Disposition"]
    quoted = re.match(r'attachment; filename="([^"]*)"; filename\*=UTF-8\'\'([\w%.-]+)$', disposition)
    assert quoted, disposition
    assert quoted[1].startswith(f"article-{plain}-2")
    assert unquote(quoted[2]).startswith(f"article-{name}-2")


# -- sharing and changing ----------------------------------------------------------------------------------------------


def test_only_owner_and_managers_change_a_shared_view(
    ada: FlaskClient, grace: FlaskClient, sign_in: Callable[..., FlaskClient], session: Session
):
    make_article(session)
    view = keep(ada, "Ours", search="a", role_id=role_id(session, "editor"))
    assert tabs(page_of(grace, f"{ARTICLES}?view={view}")) == ["All", "[Ours]"]
    assert ways(page_of(grace, f"{ARTICLES}?search=b&based={view}")) == {"Save as new…", "Discard changes"}
    for path in ("edit", "change", "delete"):
        data = {"id": view, "version": "1", "name": "Stolen", "change": "save"}
        assert grace.post(f"{ARTICLES}views/{path}/", data=data).status_code == 403
    admin = sign_in("admin")
    answer = admin.post(f"{ARTICLES}views/edit/", data={"id": view, "version": "1", "name": "Everybody’s"})
    assert answer.status_code == 302
    session.expire_all()
    kept = session.get_one(SavedView, view)
    assert (kept.name, kept.role_id) == ("Everybody’s", None)
    assert tabs(page_of(ada, ARTICLES)) == ["[All]", "Everybody’s"], "it is its owner’s alone again"


def test_who_takes_a_view_from_a_role_learns_nothing_of_its_owners_own(
    ada: FlaskClient, sign_in: Callable[..., FlaskClient], session: Session
):
    keep(ada, "Ada’s secret", search="a", is_default="1")
    shared = keep(ada, "Ours", search="b", role_id=role_id(session, "editor"), is_default="1")
    admin = sign_in("admin")
    sent = {"id": shared, "version": "1", "name": "ADA’S SECRET"}
    answer = admin.post(f"{ARTICLES}views/edit/", data=sent)
    assert answer.status_code == 409
    assert "This name is taken." in answer.text
    assert "Ada’s secret" not in html.unescape(answer.text)
    answer = admin.post(f"{ARTICLES}views/edit/", data={**sent, "name": "Ours", "is_default": "1"})
    assert answer.status_code == 302
    assert tabs(page_of(ada, ARTICLES)) == ["All", "[Ada’s secret]", "Ours"]


def test_who_may_not_share_keeps_views_for_themselves(sign_in: Callable[..., FlaskClient], session: Session):
    make_article(session)
    viewer = sign_in("viewer")
    assert 'name="role_id"' not in page_of(viewer, f"{ARTICLES}views/new/?search=a")
    answer = viewer.post(f"{ARTICLES}views/new/", data={"name": "x", "role_id": str(role_id(session, "viewer"))})
    assert answer.status_code == 403
    assert "may not share" in answer.text
    keep(viewer, "Mine", search="a")
    assert tabs(page_of(viewer, ARTICLES)) == ["[All]", "Mine"]


def test_a_stale_form_is_told_and_keeps_what_was_typed(ada: FlaskClient, session: Session):
    make_article(session)
    view = keep(ada, "Mine", search="a")
    stale = menu(page_of(ada, f"{ARTICLES}?search=b&based={view}"))
    session.get_one(SavedView, view).name = "Renamed"
    session.commit()
    for path, data in (
        ("change", {**stale, "change": "save"}),
        ("delete", {"id": view, "version": "1"}),
        ("edit", {"id": view, "version": "1", "name": "My new name"}),
    ):
        answer = ada.post(f"{ARTICLES}views/{path}/", data=data)
        assert answer.status_code == 409
        assert "Somebody else changed the view “Renamed” in the meantime" in answer.text
    assert 'value="My new name"' in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)
    assert version
    again = {"id": view, "version": version[1], "name": "My new name"}
    assert ada.post(f"{ARTICLES}views/edit/", data=again).status_code == 302
    assert tabs(page_of(ada, ARTICLES)) == ["[All]", "My new name"]


@pytest.mark.parametrize(("name", "status"), [("", 400), ("x" * 61, 400), ("mine", 409)])
def test_a_name_that_does_not_do_is_told_beside_what_was_asked(
    ada: FlaskClient, session: Session, name: str, status: int
):
    keep(ada, "Mine")
    answer = ada.post(f"{ARTICLES}views/new/", data={"name": name, "search": "三体", "is_default": "1"})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert 'name="search" value="三体"' in answer.text
    assert 'name="is_default" value="1" checked' in answer.text
    assert len(session.scalars(sa.select(SavedView.id)).all()) == 1


def test_what_cannot_be_asked_cannot_be_kept(ada: FlaskClient, session: Session):
    for state in ({"where": "{"}, {"sort": "nothing"}, {"columns": "nothing"}, {"page_size": "3"}):
        assert ada.post(f"{ARTICLES}views/new/", data={"name": "Mine", **state}).status_code == 400
    view = keep(ada, "Mine")
    assert ada.post(f"{ARTICLES}views/change/", data={"id": view, "version": "1", "change": "x"}).status_code == 400
    assert session.scalars(sa.select(SavedView.version)).one() == 1


def test_tabs_are_moved_and_deleting_asks(ada: FlaskClient, session: Session):
    make_article(session)
    first, second = keep(ada, "First", search="a"), keep(ada, "Second", search="b")
    sent = menu(page_of(ada, f"{ARTICLES}?view={second}"))
    answer = ada.post(f"{ARTICLES}views/change/", data={**sent, "change": "earlier"})
    assert tabs(page_of(ada, answer.location)) == ["All", "[Second]", "First"]
    question = page_of(ada, f"{ARTICLES}views/delete/?id={first}")
    assert "Delete the view “First”?" in question
    assert session.get(SavedView, first) is not None
    answer = ada.post(f"{ARTICLES}views/delete/", data={"id": first, "version": "1"})
    assert tabs(page_of(ada, answer.location)) == ["[All]", "Second"]


# -- what a view never does --------------------------------------------------------------------------------------------


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
        assert len([s for s in statements if "saved_view" in s]) == 1
        assert len(statements) <= 5, statements


def test_a_view_of_every_list_can_be_kept(sign_in: Callable[..., FlaskClient], session: Session):
    admin = sign_in("admin")
    for path in ("/admin/user/", "/admin/collection/", "/admin/staff/", ARTICLES):
        view = keep(admin, "Mine", path, page_size="50")
        assert tabs(page_of(admin, f"{path}?view={view}")) == ["All", "[Mine]"]
