"""`next` cannot lead out of the site."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from backoffice.access.redirects import inside, safe_target

pytestmark = pytest.mark.sqlite_only

ATTACKS = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    " //evil.example",
    "\x00//evil.example",
    "\x19//evil.example",
    "/\x7f/evil.example",
    "/admin/\r\nSet-Cookie: a=b",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "admin.index",
    "//[",
    "http://[::1",
    "?x",
    "#x",
]
PAGES = ["/admin/", "/admin/article/?search=%E4%B8%AD&page=2", "/admin/article/edit/?id=1%2C2&url=/admin/"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_address_outside_is_refused(attack):
    assert inside(attack) is None
    assert safe_target(attack, "/admin/") == "/admin/"


@pytest.mark.parametrize("page", PAGES)
def test_page_inside_is_kept(page):
    assert inside(page) == page


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("place", ["query_string", "data"])
def test_sign_in_stays_inside(client, staff, attack, place):
    email, password = staff("editor")
    sent = {"data": {"email": email, "password": password}}
    sent[place] = {**sent.get(place, {}), "next": attack}
    response = client.post("/sign-in", **sent)
    assert (response.status_code, response.location) == (302, "/admin/")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("place", ["query_string", "data"])
def test_sign_in_leads_to_a_page_inside(client, staff, page, place):
    email, password = staff("editor")
    sent = {"data": {"email": email, "password": password}}
    sent[place] = {**sent.get(place, {}), "next": page}
    assert client.post("/sign-in", **sent).location == page


@pytest.mark.parametrize("attack", ATTACKS)
def test_preferences_lead_back_inside(client, attack):
    response = client.post("/preferences", data={"theme": "dark", "next": attack})
    assert (response.status_code, response.location) == (303, "/admin/")


def test_preferences_ignore_a_foreign_referring_page(client):
    response = client.post("/preferences", headers={"Referer": "https://evil.example/admin/user/"})
    assert response.location == "/admin/"
    response = client.post("/preferences", headers={"Referer": "http://localhost/admin/user/?page=2#top"})
    assert response.location == "/admin/user/?page=2"


@pytest.mark.parametrize("referrer", ["http://[", "//[", "nonsense", "http://localhost:port/"])
def test_malformed_referring_page_is_ignored(client, referrer):
    response = client.post("/preferences", headers={"Referer": referrer})
    assert (response.status_code, response.location) == (303, "/admin/")


def test_crafted_request_path_is_not_offered_as_next(client):
    location = client.get("/admin/?next=//evil.example&x=%0d%0a//evil.example").location
    assert urlsplit(location).netloc == ""
    assert location.startswith("/sign-in?next=/admin/")
