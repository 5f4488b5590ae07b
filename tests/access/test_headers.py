"""Security headers and cache rules of every answer."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.sqlite_only

PAGES = ["/", "/healthz", "/sign-in", "/admin/", "/no-such-page", "/sign-out", "/static/no-such-file"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("signed_in", [False, True])
def test_every_page_bears_the_headers(client, sign_in, path, signed_in):
    headers = (sign_in() if signed_in else client).get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    for part in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_strict_transport_is_demanded_only_where_cookies_are_secure(client, make_app):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers
    secure = make_app(secure_cookies=True).test_client()
    assert secure.get("/sign-in").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_stamped_file_is_kept_for_good_and_a_plain_one_is_asked_for_again(client):
    with client.get("/static/img/mark.svg?v=0123456789ab") as stamped, client.get("/static/img/mark.svg") as plain:
        assert plain.status_code == stamped.status_code == 200
    assert stamped.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["Cache-Control"] == "no-cache"
    with client.get("/static/img/mark.svg", headers={"If-None-Match": plain.headers["ETag"]}) as again:
        assert again.status_code == 304


def test_file_carries_no_cookie_and_asks_the_database_nothing(sign_in, count_statements):
    browser = sign_in()
    with count_statements() as statements:
        response = browser.get("/static/img/mark.svg")
        response.close()
        assert browser.get("/healthz").status_code == 200
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert statements == []
