"""Wherever a page leads, something is there: every link and every GET form is followed, as each role."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import NOON, collect, make_article, make_user

SITE = "http://localhost"
# Where one starts, and what one would type: questions that nothing answers, filters, short pages.
STARTS = (
    "/admin/",
    "/admin/article/?search=nothing-like-this",
    f"/admin/article/?{urlencode({'where': json.dumps({'any': [['title', 'contains', '三体'], ['id', 'less', 0]]})})}",
    f"/admin/user/?{urlencode({'where': json.dumps({'all': [['username', 'equals', 'nobody']]})})}",
    "/admin/collection/?page_size=10&page=2",
)
# More than so many pages mean addresses that grow with every step.
MOST = 1500


class Links(HTMLParser):
    """The addresses a page leads to by GET: its links, and its GET forms sent as they stand."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.action = ""
        self.pairs: dict[str, str] | None = None
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link's address; gather what a GET form would send."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.found.append(given["href"])
        elif tag == "form" and given.get("method", "get").lower() == "get":
            self.action, self.pairs = given.get("action", ""), {}
        elif tag == "select":
            self.select = given.get("name", "")
        elif self.pairs is not None and tag == "option" and self.select:
            # A select sends its first option until somebody chooses.
            self.pairs.setdefault(self.select, given.get("value", ""))
        elif self.pairs is not None and tag == "input" and given.get("name") and given.get("type") != "checkbox":
            self.pairs.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Only a form's end says what it sends."""
        if tag == "select":
            self.select = ""
        elif tag == "form" and self.pairs is not None:
            self.found.append(f"{self.action}?{urlencode(self.pairs)}")
            self.pairs = None


def inside(link: str, page: str) -> str | None:
    """The address of a page of ours that a link leads to, its arguments in order."""
    parts = urlsplit(urljoin(SITE + page, link))
    if f"{parts.scheme}://{parts.netloc}" != SITE or parts.path.startswith("/static/"):
        return None
    return f"{parts.path}?{urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))}".rstrip("?")


def kind_of(address: str) -> tuple[str, ...]:
    """What makes two addresses the same for this walk.

    One change to a list is followed with each of its values, several together once; questions about a record's
    relation are asked of one record. Of the way back only the page counts: the whole of it is followed by itself.
    """
    parts = urlsplit(address)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    back = urlsplit(given.pop("url", "")).path
    relation, record = given.pop("name", ""), given.pop("id", "")
    if not given:
        return parts.path, relation, record, back
    asked = {name: value for name, value in given.items() if name not in ("filter_operator", "filter_value")}
    alone = len(asked) == 1
    return parts.path, relation, *(f"{name}={value}" if alone else name for name, value in sorted(asked.items()))


def crawl(client: FlaskClient) -> tuple[dict[str, int], dict[str, str]]:
    """The status of every page that can be reached, and from where each was reached."""
    waiting = deque(STARTS)
    origin = dict.fromkeys(STARTS, "the start")
    seen = {kind_of(address) for address in STARTS}
    statuses: dict[str, int] = {}
    while waiting:
        address = waiting.popleft()
        response = client.get(address)
        statuses[address] = response.status_code
        assert len(statuses) <= MOST, f"addresses grow: {list(statuses)[-5:]}"
        for found in leads(response.location, response.mimetype, response.get_data(as_text=True), address):
            if kind_of(found) not in seen:
                seen.add(kind_of(found))
                origin[found] = address
                waiting.append(found)
    return statuses, origin


def leads(location: str | None, mimetype: str, page: str, address: str) -> list[str]:
    """Where an answer leads: a redirection's address, or a page's links with the ways back that they carry."""
    links = [location] if location else Links(page).found if mimetype == "text/html" else []
    found = [place for link in links if (place := inside(link, address))]
    back = [value for place in found for name, value in parse_qsl(urlsplit(place).query) if name == "url"]
    return found + [place for link in back if (place := inside(link, address))]


@pytest.fixture
def records(session: Session) -> None:
    """Some of everything, with names that addresses have to escape; enough links for a second page."""
    ada, grace = make_user(session, username="ada", name="Ada & co."), make_user(session, username="李雷")
    make_user(session, username="lone")
    articles = [make_article(session, title=f"三体 {n} & more", user=ada, published_at=NOON) for n in range(6)]
    articles += [make_article(session, title="50% +1?#"), make_article(session, title="草稿", user=grace)]
    collect(session, ada, articles)
    collect(session, grace, articles[:4])


def test_every_address_a_page_leads_to_answers(sign_in: Callable[..., FlaskClient], records: None) -> None:
    check_addresses(sign_in("admin"), {"new", "details", "edit", "delete", "relation", "export/csv"})


# What a role is led to is decided before any database is asked.
@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("role", "reached"),
    [("editor", {"new", "details", "edit", "relation", "export/csv"}), ("viewer", {"details", "relation"})],
)
def test_every_address_answers_to_those_who_may_do_less(
    sign_in: Callable[..., FlaskClient], records: None, role: str, reached: set[str]
) -> None:
    check_addresses(sign_in(role), reached)


def check_addresses(client: FlaskClient, reached: set[str]) -> None:
    """Everything answers, nobody is sent to sign in, and these pages of articles are among what was reached."""
    statuses, origin = crawl(client)
    wrong = [f"{status} {address} from {origin[address]}" for address, status in statuses.items() if status >= 400]
    assert wrong == []
    assert not any(address.startswith("/sign-in") for address in statuses)
    paths = {urlsplit(address).path for address in statuses}
    assert {f"/admin/article/{page}/" for page in reached} <= paths
    assert {"/admin/user/", "/admin/collection/", "/change-password"} <= paths


# The same pages with records are asked of every database.
@pytest.mark.sqlite_only
def test_every_address_answers_where_there_are_no_records(sign_in: Callable[..., FlaskClient]) -> None:
    statuses, origin = crawl(sign_in("admin"))
    wrong = [f"{status} {address} from {origin[address]}" for address, status in statuses.items() if status >= 400]
    assert wrong == []
    assert "/admin/article/new/" in {urlsplit(address).path for address in statuses}
