"""Every route of the URL map, for every role and for nobody: exactly what the permissions say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from backoffice.access.guard import PUBLIC, SIGNED_IN, declared_routes
from backoffice.access.permissions import granted

pytestmark = pytest.mark.sqlite_only

# What the migrations of roles grant, written down a second time on purpose.
ROLES = {
    None: [],
    "admin": ["*:*"],
    "editor": ["user:read", "article:*", "collection:*", "deleted:read"],
    "viewer": [
        "user:read", "user:export", "article:read", "article:export", "collection:read", "collection:export",
    ],
}  # fmt: skip
# Signing out ends the session the walk needs; both have tests of their own.
LEFT_OUT = {("security.logout", "POST"), ("security.login", "POST")}


@pytest.fixture
def guarded_app(make_app: Callable[..., Flask]) -> Flask:
    """The application with its CSRF check on; an error inside a view is an answer, not an exception."""
    return make_app(extra={"WTF_CSRF_ENABLED": True, "PROPAGATE_EXCEPTIONS": False})


def test_every_route_is_declared(app: Flask):
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert routes == set(declared_routes(app)), "each route declares what it requires, and no other name is declared"


def test_public_routes_are_these(app: Flask):
    declared = declared_routes(app)
    public = {endpoint for endpoint, requirement in declared.items() if requirement == PUBLIC}
    files = {endpoint for endpoint in public if endpoint.split(".")[-1] == "static"}
    health = {"health.healthz", "health.readyz"}
    assert public - files == {*health, "pages.home", "pages.preferences", "security.login", "session"}


@pytest.mark.parametrize("role", ROLES)
def test_role_gets_exactly_what_it_may(guarded_app: Flask, staff, role: str | None):
    browser, token = browser_of(guarded_app, staff, role)
    wrong = [
        f"{method} {path} ({endpoint}): {answer}, wanted {wanted}"
        for endpoint, path, method in requests(guarded_app)
        if (answer := ask(browser, path, method, token)) not in (wanted := expected(guarded_app, role, endpoint))
    ]
    assert wrong == []


def browser_of(app: Flask, staff: Callable[..., tuple[str, str]], role: str | None) -> tuple[FlaskClient, str]:
    """A browser with a person of the role, or nobody, and a token that is right for it."""
    browser = app.test_client()
    token = token_on(browser.get("/sign-in").text)
    if role is None:
        return browser, token
    email, password = staff(role)
    data = {"email": email, "password": password, "csrf_token": token}
    assert browser.post("/sign-in", data=data).status_code == 302
    return browser, token_on(browser.get("/change-password").text)


def token_on(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def requests(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every endpoint by GET and POST, with something in place of the variables of its path."""
    for rule in app.url_map.iter_rules():
        for method in sorted({"GET", "POST"} & (rule.methods or set())):
            if (rule.endpoint, method) not in LEFT_OUT:
                yield rule.endpoint, path_of(app, rule), method


def path_of(app: Flask, rule: Rule) -> str:
    values = dict.fromkeys(rule.arguments, "1")
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def expected(app: Flask, role: str | None, endpoint: str) -> set[str]:
    requirement = declared_routes(app)[endpoint]
    if requirement == PUBLIC:
        return {"allowed", "missing"}
    if role is None:
        return {"sign in"}
    if requirement == SIGNED_IN:
        # A page of jobs asks inside whose job it is, and there is none.
        return {"allowed", "missing"}
    model, action = requirement.split(":")
    if not granted(ROLES[role], model, action):
        return {"forbidden"}
    return {"allowed", "missing"} if switched_on(app, model, action) else {"forbidden", "missing"}


def switched_on(app: Flask, model: str, action: str) -> bool:
    """A view may refuse to everybody what roles allow: `can_create = False` and its like."""
    view = next(view for view in app.extensions["admin"][0]._views if view.endpoint == model)
    return bool(getattr(view, f"can_{action}", True))


def ask(browser: FlaskClient, path: str, method: str, token: str) -> str:
    """What the answer means. A form left empty is no refusal; a record that is not there is one of its own."""
    data = {"csrf_token": token} if method == "POST" else None
    response = browser.open(path, method=method, data=data)
    if response.status_code == 302 and (response.location or "").startswith("/sign-in"):
        return "sign in"
    if response.status_code == 403:
        return "forbidden"
    if response.status_code == 401 or response.status_code >= 500:
        return f"broken ({response.status_code})"
    return "missing" if response.status_code == 404 else "allowed"
