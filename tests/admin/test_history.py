"""The page of a record's past, the way back, recently deleted and the activity of all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.models import Article, AuditEntry, Collection, DeletedRecord, User
from backoffice.records import chain
from tests.factories import NOON, collect, make_article, make_articles, make_user
from tests.pages import confirm, form_of, row_keys

FIELDS = ("title", "user", "published_at", "content", "version", "shown")


def edit(client: FlaskClient, article: Article, **values: str) -> None:
    path = f"/admin/article/edit/?id={article.id}"
    form = form_of(client.get(path).text, *FIELDS)
    assert client.post(path, data={**form, **values}).status_code == 302


def entries(session: Session, article: Article) -> list[AuditEntry]:
    session.rollback()
    found = sa.select(AuditEntry).where(AuditEntry.table_name == "article", AuditEntry.record_key == str(article.id))
    return list(session.scalars(found.order_by(AuditEntry.id)))


def revert(client: FlaskClient, article: Article, **wanted: Any) -> Any:
    page = client.get(f"/admin/article/history/?id={article.id}").text
    form = form_of(page, "form_id", "version") if 'name="form_id"' in page else {}
    return client.post(f"/admin/article/revert/?id={article.id}", data={**form, **wanted})


def test_the_history_tells_who_did_what_with_words_compared(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    article = make_article(session, title="The quick brown fox")
    edit(admin, article, title="The quick red fox", user=str(ada.id))
    page = admin.get(f"/admin/article/history/?id={article.id}").text
    assert "admin@example.com" in page
    assert re.search(r"<del>.*?brown</del>", page)
    assert re.search(r"<ins>.*?red</ins>", page)
    assert f'href="/admin/user/details/?id={ada.id}"' in page, "the author, by name"
    assert "Take back this change" in page


def test_a_viewer_reads_the_history_and_cannot_go_back(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    article = make_article(session)
    article.title = "New"
    session.commit()
    viewer = sign_in("viewer")
    page = viewer.get(f"/admin/article/history/?id={article.id}").text
    assert "New" in page
    assert "/revert/" not in page
    assert revert(viewer, article, entry=entries(session, article)[-1].id).status_code == 403


def test_one_field_one_change_and_a_moment_come_back(admin: FlaskClient, session: Session) -> None:
    article = make_article(session, title="One", content="one", published_at=NOON)
    edit(admin, article, title="Two", content="two")
    edit(admin, article, published_at="")
    made, second, third = entries(session, article)
    assert revert(admin, article, entry=second.id, field="title").status_code == 302
    session.refresh(article)
    assert (article.title, article.content, article.published_at) == ("One", "two", None)
    assert revert(admin, article, entry=third.id).status_code == 302
    session.refresh(article)
    assert article.published_at == NOON
    assert revert(admin, article, moment=second.id).status_code == 302
    session.refresh(article)
    assert (article.title, article.content, article.published_at) == ("Two", "two", NOON)
    assert revert(admin, article, moment=made.id).status_code == 302
    session.refresh(article)
    assert (article.title, article.content, article.published_at) == ("One", "one", NOON)
    assert [e.action for e in entries(session, article)] == ["create", "update", "update"] + ["revert"] * 4
    assert article.version == 7


def test_taking_back_what_was_changed_again_asks_which_is_to_stay(admin: FlaskClient, session: Session) -> None:
    article = make_article(session, title="One")
    edit(admin, article, title="Two")
    edit(admin, article, title="Three")
    second = entries(session, article)[1]
    refused = revert(admin, article, entry=second.id)
    assert refused.status_code == 409
    assert re.findall(r'name="conflicting" value="(\w+)"', refused.text) == ["title"]
    form = form_of(refused.text, *FIELDS)
    assert form["title"] == "One"
    path = f"/admin/article/edit/?id={article.id}"
    chosen = {"conflicting": "title", "choose-title": "mine"}
    assert admin.post(path, data={**form, **chosen}).status_code == 302
    session.refresh(article)
    assert article.title == "One"


def test_going_back_looks_again_where_somebody_was_faster(admin: FlaskClient, session: Session) -> None:
    article = make_article(session, title="One")
    edit(admin, article, title="Two")
    made = entries(session, article)[0]
    assert revert(admin, article, moment=made.id, version="1").status_code == 409
    session.refresh(article)
    assert article.title == "Two"


def test_links_come_back(admin: FlaskClient, session: Session) -> None:
    ada, (one, two) = make_user(session), make_articles(session, 2)
    panel = f"/admin/user/relation/attach/?id={ada.id}&name=collection_articles"
    admin.post(panel, data={"related": [str(one.id), str(two.id)]})
    table: Any = AuditEntry.__table__
    attached = session.scalars(sa.select(table.c.id).where(table.c.action == "attach")).one()
    session.rollback()
    path = f"/admin/user/revert/?id={ada.id}"
    since = sa.select(Collection.article_id, Collection.collected_at).order_by(Collection.article_id)
    before = session.execute(since).all()
    session.rollback()
    assert admin.post(path, data={"entry": attached}).status_code == 302
    assert session.scalars(sa.select(Collection)).all() == []
    newest = session.scalars(sa.select(sa.func.max(table.c.id))).one()
    session.rollback()
    assert admin.post(path, data={"entry": newest}).status_code == 302
    assert session.execute(since).all() == before, "with what they said themselves"


@pytest.mark.parametrize("wanted", [{"entry": "0"}, {"entry": "x"}, {"entry": ""}, {"moment": "9" * 30}, {}])
def test_an_entry_that_is_not_there_is_told(admin: FlaskClient, session: Session, wanted: dict[str, str]) -> None:
    article = make_article(session)
    assert revert(admin, article, **wanted).status_code in (400, 404, 409)


def test_an_entry_of_another_record_is_not_there(admin: FlaskClient, session: Session) -> None:
    one, two = make_articles(session, 2)
    edit(admin, two, title="Changed")
    assert revert(admin, one, entry=entries(session, two)[-1].id).status_code == 404


def test_a_long_history_is_read_page_by_page(admin: FlaskClient, session: Session) -> None:
    article = make_article(session)
    for number in range(45):
        article.title = f"Title {number}"
        session.commit()
    path, seen = f"/admin/article/history/?id={article.id}", []
    while path:
        page = admin.get(path).text
        seen += re.findall(r'id="entry-(\d+)"', page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == [str(e.id) for e in reversed(entries(session, article))]


def test_what_was_deleted_is_found_and_brought_back(
    admin: FlaskClient, sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    ada = make_user(session, username="ada")
    article = make_article(session, title="三体", user=ada)
    collect(session, ada, article)
    key = article.id
    confirm(admin, f"/admin/article/delete/?id={key}")
    confirm(admin, f"/admin/user/delete/?id={ada.id}")
    editor = sign_in("editor")
    listed = editor.get("/admin/deleted/").text
    assert "三体" in listed
    assert len(row_keys(listed)) == 1, "an editor may not delete users, so none of them is here"
    assert len(row_keys(admin.get("/admin/deleted/").text)) == 2
    number = row_keys(listed)[0]
    question = editor.get(f"/admin/deleted/restore/?id={number}").text
    assert "The user it belonged to is gone" in question
    users = session.scalars(sa.select(DeletedRecord.id).where(DeletedRecord.table_name == "user")).one()
    session.rollback()
    assert editor.get(f"/admin/deleted/restore/?id={users}").status_code == 404
    assert confirm(admin, f"/admin/deleted/restore/?id={users}").status_code == 302
    done = confirm(editor, f"/admin/deleted/restore/?id={number}")
    assert done.location == f"/admin/article/details/?id={key}"
    assert session.get_one(Article, key).user_id == ada.id
    assert sign_in("viewer").get("/admin/deleted/").status_code == 403


def test_the_activity_of_all_is_a_list_for_those_who_may_read_it(
    admin: FlaskClient, sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    article = make_article(session, title="Old")
    edit(admin, article, title="New")
    page = admin.get("/admin/activity/").text
    assert "admin@example.com" in page
    assert f"/admin/article/history/?id={article.id}" in page
    number = row_keys(page)[0]
    assert "Old" in admin.get(f"/admin/activity/details/?id={number}").text
    exported = admin.get("/admin/activity/export/csv/").text
    assert "admin@example.com" in exported
    assert sign_in("editor").get("/admin/activity/").status_code == 403


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["title", "content", "user", "published_at", "attach", "detach", "delete"]),
        st.sampled_from(["", "一", "two words", "  spaces ", "a\nb", "%_'\"<b>"]),
        st.integers(0, 2),
    ),
    max_size=7,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_was_done_is_undone_in_reverse(admin: FlaskClient, session: Session, steps: Any) -> None:
    """Any row of edits, links and deletions, each taken back from the last to the first, gives the first state."""
    session.rollback()
    ada, bob = make_user(session), make_user(session)
    article = make_article(session, title="First", content="first\r\n", user=ada, published_at=NOON)
    collect(session, bob, article)
    key, before = article.id, state(session, article.id)
    done: list[Callable[[], None]] = []
    for what, text, number in steps:
        if step := do(admin, session, key, what, text, [None, ada.id, bob.id][number]):
            done.append(step)
    for undo in reversed(done):
        undo()
    assert state(session, key) == before
    assert chain.verify(session).broken is None


def state(session: Session, key: int) -> tuple[Any, ...]:
    session.rollback()
    session.expire_all()
    article = session.get_one(Article, key)
    links = sa.select(Collection.user_id, Collection.collected_at).where(Collection.article_id == key)
    found = sorted(map(tuple, session.execute(links)))
    return article.title, article.content, article.user_id, article.published_at, found


def do(
    admin: FlaskClient, session: Session, key: int, what: str, text: str, user: int | None
) -> Callable[[], None] | None:
    """One step by its page, and what takes it back; nothing where it changed nothing."""
    newest = session.scalar(sa.select(sa.func.max(AuditEntry.id)))
    session.rollback()
    if what == "delete":
        confirm(admin, f"/admin/article/delete/?id={key}")
        number = session.scalars(sa.select(DeletedRecord.id).where(DeletedRecord.record_key == str(key))).one()
        session.rollback()
        assert confirm(admin, f"/admin/deleted/restore/?id={number}").status_code == 302
        return None
    if what in ("attach", "detach"):
        if user is None:
            return None
        name = "related" if what == "attach" else "rowid"
        admin.post(f"/admin/article/relation/{what}/?id={key}&name=users", data={name: str(user)})
    else:
        value = {"user": "" if user is None else str(user), "published_at": "2026-02-03T04:05" if text else ""}
        edit(admin, session.get_one(Article, key), **{what: value.get(what, text.strip() or "x")})
        session.rollback()
    entry = session.scalar(sa.select(sa.func.max(AuditEntry.id)))
    session.rollback()
    if entry == newest:
        return None

    def undo() -> None:
        article = session.get_one(Article, key)
        session.rollback()
        assert revert(admin, article, entry=entry).status_code == 302

    return undo


def test_names_of_models_are_those_of_the_pages(admin: FlaskClient, session: Session) -> None:
    make_user(session, username="ada")
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
    page = admin.get("/admin/activity/").text
    assert ">User<" in page
