"""Which columns a list offers and shows, in which order, and how it is sorted by several."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.columns import arranged
from backoffice.models import Role
from tests.factories import make_article, make_user
from tests.pages import row_keys

ARTICLES = "/admin/article/"
OWN = ["id", "title", "user", "published", "published_at", "created_at"]


def page_of(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return response.text


def heads(page: str) -> list[str]:
    return re.findall(r'<th[^>]*\sdata-name="([^"]*)"', page)


def offered(client: FlaskClient, path: str = ARTICLES) -> list[str]:
    """The columns to choose from, where the list's own link leads."""
    link = re.search(r'href="([^"#]*/arrange/[^"#]*)#columns"', page_of(client, path))
    assert link
    return re.findall(r'name="column" value="([^"]*)"', page_of(client, html.unescape(link[1])))


def arguments(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def test_the_address_says_which_columns_in_which_order(admin: FlaskClient, session: Session) -> None:
    make_article(session, title="三体", content="给岁月以文明。" * 200)
    assert heads(page_of(admin, ARTICLES)) == OWN
    page = page_of(admin, f"{ARTICLES}?columns=content,title,content,updated_at")
    assert heads(page) == ["content", "title", "updated_at"]
    assert "给岁月以文明。" in page
    assert "给岁月以文明。" * 40 not in page, "a long text is cut short"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (ARTICLES, "users"), (ARTICLES, "user_id"), (ARTICLES, "version"), (ARTICLES, "search_tokens"),
        (ARTICLES, "nothing"), (ARTICLES, "title,%00"), ("/admin/user/", "password_hash"), ("/admin/user/", "password"),
        ("/admin/user/", "articles"), ("/admin/staff/", "password"), ("/admin/staff/", "fs_uniquifier"),
        ("/admin/collection/", "user_id"), ("/admin/collection/", "user.password_hash"),
    ],
)  # fmt: skip
def test_what_is_secret_internal_or_a_bare_key_is_no_column(admin: FlaskClient, path: str, names: str) -> None:
    response = admin.get(f"{path}?columns={names}")
    assert response.status_code == 400
    assert "The list has no column" in response.text
    assert names not in offered(admin, path)


def test_export_columns_are_for_who_may_export(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    make_article(session)
    role = session.query(Role).filter_by(name="viewer").one()
    assert "updated_at" in offered(sign_in("viewer"))
    role.permissions = ["article:read"]
    session.commit()
    reader = sign_in("viewer", "reader@example.com")
    assert "updated_at" not in offered(reader)
    assert reader.get(f"{ARTICLES}?columns=updated_at").status_code == 400


def test_a_column_masked_elsewhere_is_not_offered_bare(
    admin: FlaskClient, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_article(session, content="a secret recipe")
    view = next(view for view in app.extensions["admin"][0]._views if view.endpoint == "article")
    mask = {"content": lambda *_: "…", "updated_at": lambda *_: "…"}
    monkeypatch.setattr(view, "column_formatters_detail", mask)
    monkeypatch.setattr(view, "column_formatters_export", mask)
    names = offered(admin)
    assert "content" not in names
    assert "updated_at" not in names
    monkeypatch.setattr(view, "column_formatters", mask)
    page = page_of(admin, f"{ARTICLES}?columns=content,title")
    assert "a secret recipe" not in page


def test_text_where_html_is_expected_is_shown_as_text(
    admin: FlaskClient, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_article(session, title="<b>bold</b>")
    view = next(view for view in app.extensions["admin"][0]._views if view.endpoint == "article")
    given = {"id": lambda *_: "<i>id</i>", "title": lambda _view, _context, record, _name: record.title}
    monkeypatch.setattr(view, "column_formatters", given)
    page = page_of(admin, ARTICLES)
    assert "&lt;i&gt;id&lt;/i&gt;" in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert not re.search("<[ib]>", page)
    # Not as its type says.
    monkeypatch.setattr(view, "shown", lambda name: lambda _record: f"<i>{name}</i>")
    page = page_of(admin, ARTICLES)
    assert page.count("&lt;i&gt;") == len(OWN)
    assert "<i>" not in page


def test_every_link_of_the_page_keeps_the_columns(admin: FlaskClient, session: Session) -> None:
    for n in range(30):
        make_article(session, title=f"Article {n}")
    page = page_of(admin, f"{ARTICLES}?columns=title,created_at&page_size=10")
    links = [html.unescape(link) for link in re.findall(r'href="(/admin/article/\?[^"]*)"', page)]
    kept = [link for link in links if "title%2Ccreated_at" in link or "title,created_at" in link]
    assert len(links) > 5
    # What leads elsewhere: all rows without arguments, and the reset of the columns.
    assert len(links) - len(kept) <= 2


def test_the_chooser_works_by_ticks_and_numbers(admin: FlaskClient, session: Session) -> None:
    make_article(session)
    sent = "arrange=columns&sort=-id&column=title&column=user&column=content&place-title=3&place-user=1&place-content=2"
    response = admin.get(f"{ARTICLES}?{sent}")
    assert response.status_code == 303
    assert arguments(response.location) == {"columns": "user,content,title", "sort": "-id"}
    assert offered(admin, response.location)[:3] == ["user", "content", "title"]
    chooser = html.unescape(page_of(admin, "/admin/article/arrange/?columns=user,title&sort=-id"))
    assert 'href="/admin/article/?sort=-id"' in chooser, "reset leads to the list's own columns"


def test_no_tick_or_the_own_columns_mean_the_list_as_it_is(admin: FlaskClient, session: Session) -> None:
    own = "&".join(f"column={name}" for name in OWN)
    for sent in ("arrange=columns", f"arrange=columns&{own}"):
        response = admin.get(f"{ARTICLES}?{sent}")
        assert arguments(response.location) == {}
    assert admin.get(f"{ARTICLES}?arrange=columns&column=password_hash").status_code == 400


@pytest.mark.parametrize(
    ("places", "order"),
    [({}, "abc"), ({"a": "9"}, "bca"), ({"c": "1"}, "cab"), ({"a": "2"}, "bac"), ({"a": "3"}, "bca"),
     ({"c": "0"}, "cab"), ({"a": "x", "b": "-1", "c": "٣"}, "abc"), ({"a": "9" * 50}, "abc")],
)  # fmt: skip
def test_places_order_the_ticked_and_nonsense_leaves_them(places: dict[str, str], order: str) -> None:
    assert "".join(arranged("abc", places)) == order


def test_the_sort_panel_takes_several_columns(admin: FlaskClient, session: Session) -> None:
    ids = {name: str(make_article(session, title=name[0], content=name).id) for name in ("b1", "a1", "b2", "a2")}
    response = admin.get(f"{ARTICLES}?arrange=sort&by-2=id&down-2=1&by-1=title&by-3=&down-3=1&search=")
    assert response.status_code == 303
    assert arguments(response.location) == {"sort": "title,-id"}
    page = page_of(admin, response.location)
    assert row_keys(page) == [ids[name] for name in ("a2", "a1", "b2", "b1")]
    assert re.findall(r'class="rank">(\d)<', page) == ["2"]
    assert 'data-sort="title,-id"' in page
    assert admin.get(f"{ARTICLES}?arrange=sort&by-1=content").status_code == 400
    assert arguments(admin.get(f"{ARTICLES}?arrange=sort&sort=title").location) == {}


def test_density_is_kept_in_a_cookie(admin: FlaskClient, session: Session) -> None:
    make_user(session)
    assert "data-density" not in page_of(admin, "/admin/user/")
    assert admin.post("/preferences", data={"density": "compact", "next": "/admin/user/"}).location == "/admin/user/"
    assert 'data-density="compact"' in page_of(admin, "/admin/user/")
    assert admin.post("/preferences", data={"density": "none"}).status_code == 400
