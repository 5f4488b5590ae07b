"""Files and counts of a saved view."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.admin.saved_views.shared import ARTICLES, DRAFTS, keep, page_of
from tests.factories import NOON, make_article, make_articles


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
