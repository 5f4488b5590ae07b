"""Filters on the pages: what people read, the page that adds one, and what the builder is told."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.base import view_for
from backoffice.admin.wording import explain
from backoffice.database.asking import Asker
from backoffice.database.selection import Selection
from backoffice.models import Article, User
from tests.factories import NOON, collect, make_article, make_articles, make_user
from tests.pages import listed, row_keys

LIST = "/admin/article/"
FILTER = "/admin/article/filter/"


def where(*conditions: Any, match: str = "all") -> str:
    return json.dumps({match: list(conditions)}, ensure_ascii=False)


def page_of(client: FlaskClient, path: str, **question: str) -> str:
    response = client.get(path, query_string=question or None)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_data(as_text=True)


def pill_texts(page: str) -> list[str]:
    """The active conditions as they are read."""
    return [html.unescape(text) for text in re.findall(r'class="pill-text"[^>]*>([^<]*)<', page)]


def builder(client: FlaskClient, **question: str) -> Any:
    """What a script is told."""
    address = f"{LIST}?{urlencode(question)}"
    response = client.get(FILTER, query_string={"list": address}, headers={"Accept": "application/json"})
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.json


def test_every_condition_and_group_is_a_pill_in_words(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    for asked, expected in (
        (["title", "contains", "三体"], "Title contains “三体”"),
        (["published", "is", True], "Published is Yes"),
        (["created_at", "during", "last 7 days"], "Created is within last 7 days"),
        (["created_at", "during", "last 1 day"], "Created is within last 1 day"),
        (["created_at", "during", "next quarter"], "Created is within next quarter"),
        (["users", "at_least", 3], "Collected by number at least 3"),
        (["user", "in", [ada.id, 99]], "Author is one of ada, #99"),
        (["user", "in", ["me"]], "Author is one of me (you have no record there)"),
        (["id", "in", list(range(20))], "ID is one of 0, 1, 2, 3, 4 and 15 more"),
        (["title", "null"], None),
        (
            {"any": [["title", "empty"], {"not": {"all": [["user", "null"], ["id", "less", 5]]}}]},
            "Title is empty or not (Author has no value and ID is less than 5)",
        ),
    ):
        response = admin.get(LIST, query_string={"where": where(asked)})
        if expected is None:
            assert response.status_code == 400
        else:
            assert pill_texts(response.get_data(as_text=True)) == [expected]


def test_moments_read_in_the_time_zone_of_who_reads(admin: FlaskClient) -> None:
    admin.set_cookie("zone", "Asia/Shanghai")
    page = page_of(admin, LIST, where=where(["created_at", "greater", "2026-01-31T18:30:00"]))
    assert pill_texts(page) == ["Created is after 2/1/26, 2:30\u202fAM"]


def test_a_day_is_the_day_of_the_person(admin: FlaskClient, session: Session) -> None:
    late = str(make_article(session, created_at=NOON.replace(hour=20)).id)
    asked = where(["created_at", "on", "2026-01-16"])
    assert listed(admin, LIST, where=asked) == []
    admin.set_cookie("zone", "Asia/Shanghai")
    assert listed(admin, LIST, where=asked) == [late]


def test_me_is_the_record_of_who_asks(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    admin = sign_in("admin", "ada@example.com")
    make_article(session, user=make_user(session))
    asked = where(["user", "in", ["me"]])
    assert listed(admin, LIST, where=asked) == []
    ada = make_user(session, username="ada", email="ada@example.com")
    own = str(make_article(session, user=ada).id)
    page = page_of(admin, LIST, where=asked)
    assert row_keys(page) == [own]
    assert pill_texts(page) == ["Author is one of me"]
    assert own not in listed(admin, LIST, where=where(["user", "not_in", ["me"]]))


def test_related_records_cost_one_statement_however_many_conditions(
    admin: FlaskClient, session: Session, count_statements: Callable[[], Any]
) -> None:
    users = [make_user(session) for _ in range(4)]
    make_article(session, user=users[0])

    def ask(*conditions: Any, names: tuple[str, ...] = ()) -> int:
        with count_statements() as statements:
            page = page_of(admin, LIST, where=where(*conditions, match="any"))
        assert [text.rpartition(" ")[2] for text in pill_texts(page)] == list(names)
        return len(statements)

    names = tuple(user.username for user in users)
    plain = ask(["id", "at_least", 1], names=("1",))
    assert ask(["user", "in", [users[0].id]], names=names[:1]) == plain, "the row itself names its author"
    assert ask(*(["user", "in", [user.id]] for user in users[:2]), names=names[:2]) == plain + 1
    assert ask(*(["user", "in", [user.id]] for user in users), names=names) == plain + 1


def test_a_condition_is_added_without_a_script(admin: FlaskClient, session: Session) -> None:
    three, _plain = make_article(session, title="三体, I"), make_article(session, title="Plain")
    page = page_of(admin, LIST, search="三体")
    [link] = re.findall(r'<a class="btn btn-secondary filter-open" href="([^"]*)"', page)
    choose = page_of(admin, html.unescape(link))
    steps = [html.unescape(step) for step in re.findall(r'<li><a href="([^"]*operator=in)"', choose)]
    [title] = [step for step in steps if "column=title" in step]
    form = page_of(admin, title)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))
    assert fields.items() >= {"search": "三体", "filter_column": "title", "filter_operator": "in"}.items()
    answer = admin.get(LIST, query_string={**fields, "filter_value": "Plain\n三体, I"})
    assert answer.status_code == 303
    assert row_keys(page_of(admin, answer.location)) == [str(three.id)]


def test_every_comparison_has_its_step(admin: FlaskClient) -> None:
    for column in builder(admin)["columns"]:
        for operator, label, kind in column["operators"]:
            page = page_of(admin, FILTER, column=column["name"], operator=operator)
            assert html.escape(f"{column['label']} {label}", quote=False) in page
            assert ('name="filter_value"' in page) is (kind != "none"), (column["name"], operator)


def test_a_wrong_value_leads_back_to_its_step_with_a_sentence(admin: FlaskClient) -> None:
    answer = admin.get(LIST, query_string={"filter_column": "id", "filter_operator": "less", "filter_value": "x"})
    page = page_of(admin, answer.location)
    assert "“x” is not a whole number." in page
    assert 'name="filter_operator" value="less"' in page


def test_a_relation_panel_is_filtered_in_its_place(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session)
    collect(session, ada, make_articles(session, 3))
    panel = page_of(admin, "/admin/user/relation/", id=str(ada.id), name="collection_articles")
    [link] = re.findall(r'<a class="btn btn-secondary filter-open" href="([^"]*)"', panel)
    assert link.startswith(FILTER)
    page = page_of(admin, html.unescape(link) + "&column=title&operator=contains")
    assert 'action="/admin/user/relation/"' in page
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
    answer = admin.get("/admin/user/relation/", query_string={**fields, "filter_value": "2"})
    assert len(row_keys(page_of(admin, answer.location))) == 1


def test_the_builder_is_told_the_filter_and_the_names_in_it(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    asked = {"all": [["user", "in", [ada.id, "me"]], {"not": ["title", "empty"]}]}
    told = builder(admin, where=json.dumps(asked))
    assert told["where"] == asked
    assert told["names"] == {"user": {str(ada.id): "ada"}}
    columns = {column["name"]: column for column in told["columns"]}
    assert columns["user"]["lookup"] == "/admin/user/lookup/"
    assert [name for name, *_ in columns["users"]["operators"]] == [
        "in", "not_in", "at_least", "at_most", "empty", "not_empty",
    ]  # fmt: skip
    assert columns["created_at"]["aware"] is True


def test_the_builder_is_told_what_is_wrong(admin: FlaskClient) -> None:
    for asked, words in (
        (["id", "equals", "x"], "“x” is not a whole number."),
        (["created_at", "during", "soon"], "“soon” is not a relative date."),
        (["users", "at_least", 5000], "“5000” is not a whole number from 0 to 1000."),
    ):
        address = f"{LIST}?{urlencode({'where': where(asked)})}"
        response = admin.get(FILTER, query_string={"list": address}, headers={"Accept": "application/json"})
        assert response.status_code == 400
        assert response.json["error"].startswith(words)


@pytest.mark.parametrize(
    "address", ["//evil.example/", "https://evil.example/", "x", "/\\evil", "/admin/article/?where=["]
)
def test_an_address_that_is_no_list_of_ours_is_refused(admin: FlaskClient, address: str) -> None:
    assert admin.get(FILTER, query_string={"list": address}).status_code == 400


def test_what_one_may_not_read_cannot_be_asked(sign_in: Callable[..., FlaskClient], app: Flask) -> None:
    with app.app_context():
        from backoffice.extensions import db
        from backoffice.models import Role

        role = db.session.query(Role).filter_by(name="viewer").one()
        role.permissions = ["article:read"]
        db.session.commit()
    viewer = sign_in("viewer")
    names = {column["name"] for column in builder(viewer)["columns"]}
    assert "title" in names
    assert not names & {"user", "users"}
    assert viewer.get(LIST, query_string={"where": where(["user", "in", ["me"]])}).status_code == 400


def test_a_selection_is_told_in_words(app: Flask, session: Session, sign_in: Callable[..., FlaskClient]) -> None:
    sign_in("admin")
    with app.test_request_context():
        view = view_for(Article)
        assert view is not None
        selection = Selection.read(
            {
                "search": "三体",
                "where": where({"any": [["title", "starts_with", "a"], ["created_at", "during", "this month"]]}),
                "sort": "-created_at,title",
            },
            view.vocabulary,
            view.get_query(),
            Asker(),
        )
        assert explain(view, selection) == (
            "Search for “三体” · (Title starts with “a” or Created is within this month) "
            "· Sorted by Created (descending), Title"
        )
        assert explain(view, selection.replace(search="", where=None, sort=())) == "All records"


def test_the_list_carries_no_inputs_of_its_filter(admin: FlaskClient) -> None:
    page = page_of(admin, LIST)
    assert "filter_value" not in page
    assert User.__tablename__ in page


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"])
def test_moments_at_the_ends_of_the_calendar_are_worded(admin: FlaskClient, zone: str) -> None:
    admin.set_cookie("zone", zone)
    for operator in ("at_most", "at_least"):
        for moment in ("9999-12-31T23:59:59", "0001-01-01T00:00:00"):
            where = json.dumps(["created_at", operator, moment])
            assert admin.get("/admin/article/", query_string={"where": where}).status_code == 200
