"""Lists in the browser's eyes: what they show, what their addresses mean, and how many statements they cost."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Staff
from tests.factories import NOON, collect, make_article, make_articles, make_user
from tests.pages import listed, row_keys, total


def where(*conditions: Any, match: str = "all") -> str:
    return json.dumps({match: list(conditions)}, ensure_ascii=False)


def plainly(statement: str) -> str:
    """The statement without the quotes of a dialect."""
    return statement.replace("`", "").replace('"', "")


def test_newest_first_in_pages_with_a_total(admin: FlaskClient, session: Session) -> None:
    ids = [str(a.id) for a in make_articles(session, 30)][::-1]
    page = admin.get("/admin/article/").get_data(as_text=True)
    assert total(page) == 30
    assert row_keys(page) == ids[:25]
    assert listed(admin, "/admin/article/", page="2") == ids[25:]
    assert listed(admin, "/admin/article/", page_size="10", page="3") == ids[20:]
    assert listed(admin, "/admin/article/", sort="title,-id", page_size="10") != ids[:10]


def test_search_takes_what_is_typed_as_text(admin: FlaskClient, session: Session) -> None:
    rows = {t: str(make_article(session, title=t).id) for t in ("三体 I", "100% sure", "a_b", 'O\'Neil "q"', "axb")}
    for text, titles in (
        ("三体", ["三体 I"]),
        ("%", ["100% sure"]),
        ("a_b", ["a_b"]),
        ("O'Neil", ['O\'Neil "q"']),
        ("I 三体", ["三体 I"]),
        ("nothing", []),
        ("'; DROP TABLE article; --", []),
    ):
        assert listed(admin, "/admin/article/", search=text) == [rows[t] for t in titles], text


def test_filters_from_the_address_and_from_the_panel_agree(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    make_article(session, title="Draft", user=ada)
    out = str(make_article(session, title="Out", user=ada, published_at=NOON).id)
    asked = where(["published", "is", True], ["user", "in", [ada.id]])
    assert listed(admin, "/admin/article/", where=asked) == [out]
    first = admin.get("/admin/article/?filter_column=published&filter_operator=is&filter_value=true")
    assert first.status_code == 303
    second = admin.get(first.location + f"&filter_column=user&filter_operator=in&filter_value={ada.id}")
    page = admin.get(second.location).get_data(as_text=True)
    assert row_keys(page) == [out]
    assert "ada" in page


def test_a_wrong_panel_entry_says_so_and_keeps_the_list(admin: FlaskClient, session: Session) -> None:
    make_article(session)
    response = admin.get(
        "/admin/article/?filter_column=id&filter_operator=equals&filter_value=abc", follow_redirects=True
    )
    assert response.status_code == 200
    assert "“abc” is not a whole number" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 400), ("page=-1", 400), ("page=x", 400), ("page=99999999999999999999", 400),
        ("page_size=3", 400), ("page_size=1000000", 400), ("sort=nothing", 400), ("sort=content", 400),
        ("where=%7B", 400), ('where=["title","contains"]', 400), ('where=["password_hash","contains","a"]', 400),
        ('where=["published_at","on","2026-02-31"]', 400), ("search=" + "x" * 301, 400), ("search=%00", 400),
            ("sort=" + "title," * 400, 400), ("columns=" + "title," * 400, 400),
    ],
)  # fmt: skip
def test_a_wrong_address_answers_with_a_sentence(admin: FlaskClient, query: str, status: int) -> None:
    response = admin.get(f"/admin/article/?{query}")
    assert response.status_code == status
    assert "Traceback" not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "place", [{"page": "7"}, {"position": "700"}, {"last": "1"}, {"page": "1000000000"}], ids=lambda place: str(*place)
)
def test_a_place_beyond_the_end_shows_the_last_rows(
    admin: FlaskClient, session: Session, place: dict[str, str]
) -> None:
    articles = make_articles(session, 30)
    rows = listed(admin, "/admin/article/", sort="id", page_size="10", **place)
    assert rows == [str(a.id) for a in articles[20:]]


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/admin/article/?", 5),
        ("/admin/collection/?", 5),
        ("/admin/user/?", 5),
        ("/admin/collection/?columns=collected_at&", 5),
    ],
)
def test_a_list_costs_the_same_few_statements_however_long(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any], path: str, most: int
) -> None:
    def ask() -> int:
        with count_statements() as statements:
            assert admin.get(path + "page_size=100").status_code == 200
        return len(statements)

    ada = make_user(session)
    collect(session, ada, make_article(session, user=ada))
    few = ask()
    for _ in range(10):
        user = make_user(session)
        collect(session, user, [make_article(session, user=user) for _ in range(3)])
    assert ask() == few
    # Who is signed in, that person's roles, the count, the rows.
    assert few <= most


def test_long_texts_stay_in_the_database_where_no_column_shows_them(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    make_article(session, content="x" * 1000)
    with count_statements() as statements:
        admin.get("/admin/article/")
    assert not any("content" in s for s in statements if "FROM article" in plainly(s))


def test_the_three_empty_lists_differ(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    admin = sign_in("admin")
    nothing = admin.get("/admin/article/").get_data(as_text=True)
    make_article(session)
    no_match = admin.get("/admin/article/?search=zzz").get_data(as_text=True)
    refused = sign_in("viewer").get("/admin/staff/")
    not_yours = refused.get_data(as_text=True)
    titles = ("Nothing here yet", "Nothing matches", "Not allowed")
    for title, page in zip(titles, (nothing, no_match, not_yours), strict=True):
        assert [known for known in titles if f">{known}<" in page] == [title]
        assert row_keys(page) == []
    assert refused.status_code == 403
    assert ">Create the first one</a>" in nothing
    assert '<a class="btn btn-secondary" href="/admin/article/">Clear search and filters</a>' in no_match


def test_the_export_holds_all_rows_of_the_question_and_no_formula(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    make_articles(session, 30, user=ada, published_at=NOON)
    make_article(session, title='=HYPERLINK("x")', content="a\nb,c", published_at=NOON)
    make_article(session, title="draft")
    response = admin.get("/admin/article/export/csv/", query_string={"where": where(["published", "is", True])})
    assert response.status_code == 200
    assert response.is_streamed
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff"))))
    assert len(rows) == 31
    assert rows[0]["Title"].startswith("'=")
    assert rows[0]["Content"] == "a\nb,c"
    assert rows[1]["Author"] == "ada"
    assert admin.get("/admin/article/export/xml/").status_code == 404


def test_roles_see_only_what_they_may(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    make_article(session)
    viewer = sign_in("viewer")
    page = viewer.get("/admin/article/").get_data(as_text=True)
    assert "/admin/article/new/" not in page
    assert "/admin/article/edit/" not in page
    assert 'value="delete"' not in page
    assert viewer.get("/admin/staff/").status_code == 403
    assert "/admin/staff/" not in page
    assert viewer.post("/admin/article/action/", data={"action": "publish", "rowid": "1"}).status_code == 403


def test_a_related_record_comes_along_by_its_name_alone_unless_a_formatter_reads_more(
    app: Flask, admin: FlaskClient, session: Session, count_statements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make_article(session, user=make_user(session, username=f"writer{number}", email=f"{number}@example.org"))
    with count_statements() as statements:
        page = admin.get("/admin/article/").get_data(as_text=True)
    assert "writer2" in page
    assert not [s for s in statements if "LEFT OUTER JOIN" in s and ".email" in s and "FROM article" in plainly(s)]
    view = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "article")
    monkeypatch.setattr(view, "column_formatters", {"user": lambda _view, _context, record, _name: record.user.email})
    with count_statements() as more:
        page = admin.get("/admin/article/").get_data(as_text=True)
    assert "2@example.org" in page
    assert len(more) == len(statements)


def test_the_home_page_counts_and_draws(admin: FlaskClient, session: Session, count_statements: Any) -> None:
    ada, grace = make_user(session), make_user(session)
    articles = make_articles(session, 4, published_at=NOON)
    articles.append(make_article(session))
    collect(session, ada, articles)
    collect(session, grace, articles[:2])
    with count_statements() as statements:
        page = admin.get("/admin/").get_data(as_text=True)
    assert len(statements) <= 14
    assert "<svg" in page
    figures = re.findall(
        r'<a class="card figure" href="([^"]*)">.*?</svg>([^<]*)</span>.*?figure-value">([^<]*)<', page, re.S
    )
    assert [(label, number) for _url, label, number in figures] == [
        ("Articles", "5"), ("Published", "4"), ("Users", "2"), ("Collected", "7"),
    ]  # fmt: skip
    for url, label, number in figures:
        assert total(admin.get(html.unescape(url)).get_data(as_text=True)) == int(number), f"{label} leads elsewhere"
    assert admin.get("/admin/?days=90").status_code == 200
    assert admin.get("/admin/?days=3").status_code == 400


def test_an_export_of_many_blocks_comes_whole(admin: FlaskClient, session: Session) -> None:
    make_articles(session, 1_501, user=make_user(session))
    response = admin.get("/admin/article/export/csv/")
    assert len(list(csv.reader(io.StringIO(response.get_data(as_text=True))))) == 1_502


def test_the_search_for_the_word_none_goes_on_to_the_next_page(admin: FlaskClient, session: Session) -> None:
    make_articles(session, 30, title="None of it")
    make_article(session, title="other")
    page = admin.get("/admin/article/?search=None").get_data(as_text=True)
    assert "search=None&amp;page=2" in page or "page=2&amp;search=None" in page


def test_a_related_record_can_be_named_in_the_filter_panel(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    mine = str(make_article(session, user=ada).id)
    make_article(session)
    asked = "/admin/article/?filter_column=user&filter_operator=in&filter_value="
    assert row_keys(admin.get(asked + "ada", follow_redirects=True).get_data(as_text=True)) == [mine]
    assert "“nobody” was found" in admin.get(asked + "nobody", follow_redirects=True).get_data(as_text=True)


def test_the_lookup_costs_the_same_few_statements_however_many_it_finds(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    make_articles(session, 20)
    with count_statements() as statements:
        assert len(admin.get("/admin/article/lookup/?query=Article").get_json()["results"]) == 20
    assert len(statements) <= 5


def test_a_list_may_be_ordered_by_a_column_it_does_not_show(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_article(session, content="b"), make_article(session, content="a")
    article_view = next(v for v in admin.application.extensions["admin"][0]._views if v.endpoint == "article")
    monkeypatch.setattr(article_view, "column_default_sort", ("updated_at", False))
    article_view.__dict__.pop("vocabulary", None)
    try:
        assert listed(admin, "/admin/article/") == [str(first.id), str(second.id)]
    finally:
        article_view.__dict__.pop("vocabulary", None)


def test_an_address_that_nobody_understands_leads_back_to_the_list(admin: FlaskClient) -> None:
    answer = admin.get("/admin/article/?sort=nonsense&page=2")
    assert answer.status_code == 400
    assert '<a class="btn btn-primary" href="/admin/article/">Show the list anew</a>' in answer.text
    assert "Show the list anew" not in admin.get("/admin/article/details/?id=0").text


def test_a_record_is_found_by_the_whole_of_a_long_title(admin: FlaskClient, session: Session) -> None:
    title = "A reading group in 7 steps, with all that went wrong on the way and how to mend it afterwards" * 2
    key = str(make_article(session, title=title).id)
    make_articles(session, 3)
    assert listed(admin, "/admin/article/", search=title) == [key]


def test_two_counts_of_one_person_wait_for_each_other(app: Flask, admin: FlaskClient, session: Session) -> None:
    make_articles(session, 3)
    assert admin.get("/admin/article/count/").get_json()["amount"] == "3"
    turns = app.extensions["turns:counts"]
    person = session.scalars(sa.select(Staff.id)).one()
    turns.take(person, all_taken="", own_taken="")
    refused = admin.get("/admin/article/count/")
    assert (refused.status_code, "You are counting already" in refused.text) == (503, True)
    turns.give_back(person)
    assert admin.get("/admin/article/count/").status_code == 200
