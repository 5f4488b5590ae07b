"""One scope binds every path: what `get_query` leaves out cannot be listed, opened, changed, linked or exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.views.article import ArticleView
from backoffice.admin.views.collection import CollectionView
from backoffice.models import Article, Collection, Role
from tests.factories import collect, make_article, make_user
from tests.pages import field_value, listed, row_keys


@pytest.fixture
def world(session: Session, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Two articles by one author; a scope that leaves out the one called Hidden."""
    monkeypatch.setattr(ArticleView, "get_query", lambda _view: sa.select(Article).where(Article.title != "Hidden"))
    author = make_user(session, username="author")
    seen, hidden = make_article(session, title="Seen", user=author), make_article(session, title="Hidden", user=author)
    collect(session, author, [seen, hidden])
    return {"author": author, "seen": seen, "hidden": hidden}


def test_what_is_out_of_scope_is_out_of_reach(
    sign_in: Callable[..., FlaskClient], session: Session, world: dict[str, Any]
) -> None:
    admin, author, seen, hidden = sign_in("admin"), *world.values()
    form = admin.get(f"/admin/article/edit/?id={seen.id}").get_data(as_text=True)
    data = {name: field_value(form, name) for name in ("title", "user", "published_at", "content", "version")}
    assert listed(admin, "/admin/article/") == [str(seen.id)]
    for page in ("details", "edit", "delete"):
        assert admin.get(f"/admin/article/{page}/?id={hidden.id}").status_code == 404
    assert admin.post(f"/admin/article/edit/?id={hidden.id}", data=data).status_code == 404
    assert admin.post("/admin/article/delete/", data={"id": hidden.id}).status_code == 404
    for action in ("publish", "delete"):
        ids = {"action": action, "rowid": [str(hidden.id)], "confirmed": "yes"}
        admin.post("/admin/article/action/", data=ids)
    looked_up = admin.get("/admin/article/lookup/?query=Hidden").get_json()["results"]
    assert looked_up == []
    assert admin.get(f"/admin/article/lookup/?query={hidden.id}").get_json()["results"] == []
    assert "Hidden" not in admin.get("/admin/article/export/csv/").get_data(as_text=True)
    for name in ("articles", "collection_articles"):
        panel = f"/admin/user/relation/?id={author.id}&name={name}"
        assert row_keys(admin.get(panel).get_data(as_text=True)) == [str(seen.id)]
        admin.post(panel.replace("relation/?", "relation/detach/?"), data={"rowid": str(hidden.id)})
    other = make_user(session, username="other")
    admin.post(f"/admin/user/relation/attach/?id={other.id}&name=articles", data={"related": str(hidden.id)})
    entry = {"user": "other", "article": str(hidden.id)}
    assert admin.post("/admin/collection/new/", data=entry).status_code == 422
    session.expire_all()
    assert (hidden.title, hidden.user_id, hidden.published_at, hidden.version) == ("Hidden", author.id, None, 1)
    assert session.get(Collection, (author.id, hidden.id)) is not None
    assert session.get(Collection, (other.id, hidden.id)) is None


def test_links_that_are_out_of_scope_are_not_in_the_panel(
    sign_in: Callable[..., FlaskClient], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = make_user(session)
    one, two = make_article(session), make_article(session)
    collect(session, reader, [one, two])
    scope = sa.select(Collection).where(Collection.article_id != one.id)
    monkeypatch.setattr(CollectionView, "get_query", lambda _view: scope)
    admin = sign_in("admin")
    panel = f"/admin/user/relation/?id={reader.id}&name=collection_articles"
    assert row_keys(admin.get(panel).get_data(as_text=True)) == [str(two.id)]
    admin.post(panel.replace("relation/?", "relation/detach/?"), data={"rowid": [str(one.id), str(two.id)]})
    assert session.scalars(sa.select(Collection.article_id)).all() == [one.id]


def test_who_may_not_read_the_links_cannot_ask_for_them(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    reader, article = make_user(session), make_article(session)
    collect(session, reader, article)
    role = session.scalars(sa.select(Role).where(Role.name == "viewer")).one()
    role.permissions = ["user:read", "article:read"]
    session.commit()
    narrow = sign_in("viewer")
    assert narrow.get("/admin/collection/").status_code == 403
    assert narrow.get(f"/admin/article/relation/?id={article.id}&name=users").status_code == 404
    assert "name=users" not in narrow.get(f"/admin/article/details/?id={article.id}").get_data(as_text=True)
    asked = f'/admin/article/?where=["users","in",[{reader.id}]]'
    assert narrow.get(asked).status_code == 400
    assert narrow.get(f'/admin/article/?where=["user","in",[{reader.id}]]').status_code == 200
