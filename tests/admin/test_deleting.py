"""Deleting: what is asked first, what is chosen for what hangs on it, and that nothing changed unseen goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Article, Role, User
from tests.factories import make_article, make_user
from tests.pages import confirm, form_of, say_yes


def test_deleting_asks_again_where_somebody_changed_it_meanwhile(
    ada: FlaskClient, grace: FlaskClient, session: Session
) -> None:
    article = make_article(session, title="Asked about")
    question = ada.get(f"/admin/article/delete/?id={article.id}").text
    article.title = "Better by now"
    session.commit()
    seen = form_of(question, "seen", "form_id")
    refused = ada.post("/admin/article/delete/", data={"id": article.id, **seen})
    assert refused.status_code == 409
    assert "Somebody changed this after you were asked" in refused.text
    assert "Better by now" in refused.text
    session.expire_all()
    assert session.get(Article, article.id) is not None
    assert confirm(grace, f"/admin/article/delete/?id={article.id}").status_code == 302


def test_a_lot_is_deleted_only_where_its_name_is_typed(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    session.add_all(Article(title=f"{n}", content="", user_id=ada.id) for n in range(60))
    session.commit()
    path = f"/admin/user/delete/?id={ada.id}"
    assert "Type “ada” to confirm" in admin.get(path).text
    choice = {"when-articles": "delete"}
    assert confirm(admin, path, **choice, typed="bob").status_code == 409
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
    session.rollback()
    assert confirm(admin, path, **choice, typed="ada").status_code == 302
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0


def test_articles_are_handed_over_to_whom_one_names(admin: FlaskClient, session: Session) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    article = make_article(session, user=ada)
    path = f"/admin/user/delete/?id={ada.id}"
    nobody = confirm(admin, path, **{"when-articles": "hand over", "to-articles": "nobody"})
    assert nobody.status_code == 400
    assert "by the key or the exact name" in nobody.text
    assert confirm(admin, path, **{"when-articles": "hand over", "to-articles": "bob"}).status_code == 302
    session.expire_all()
    assert article.user_id == bob.id
    back = session.scalars(sa.select(User.username)).all()
    assert back == ["bob"]


def test_a_bulk_deletion_of_what_has_changed_is_asked_about_and_answered_twice_alike(
    ada: FlaskClient, session: Session
) -> None:
    articles = [make_article(session), make_article(session)]
    ticked = {"action": "delete", "rowid": [str(article.id) for article in articles]}
    question = ada.post("/admin/article/action/", data=ticked, follow_redirects=True).text
    articles[0].title = "Better"
    session.commit()
    refused = say_yes(ada, question)
    assert refused.status_code == 409
    assert "Somebody changed this after you were asked." in refused.text
    for _time in range(2):
        answer = say_yes(ada, refused.text)
        assert "2 records were deleted." in ada.get(answer.headers["Location"]).text


@pytest.mark.sqlite_only
def test_a_choice_left_out_of_a_deletion_needs_the_same_permission(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    session.add(Role(name="remover", permissions=["user:read", "user:delete", "article:read"]))
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    article = make_article(session, user=ada)
    remover = sign_in("remover")
    assert confirm(remover, f"/admin/user/delete/?id={ada.id}").status_code == 403
    ticked = {"action": "delete", "rowid": str(ada.id)}
    assert confirm(remover, "/admin/user/action/", ticked).status_code == 403
    session.expire_all()
    assert article.user_id == ada.id
    # Who has written nothing goes with nobody's articles.
    assert confirm(remover, f"/admin/user/delete/?id={bob.id}").status_code == 302
