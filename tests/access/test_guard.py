"""Deny by default."""

from __future__ import annotations

import logging

import pytest

from backoffice.access.guard import declare

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def app_with_forgotten_route(make_app):
    """An application in which somebody forgot to declare a route."""
    app = make_app()
    app.add_url_rule("/forgotten", "forgotten", lambda: "secrets", methods=["GET", "POST"])
    return app


def test_undeclared_route_answers_nobody_and_is_logged_once(app_with_forgotten_route, sign_in, caplog):
    app = app_with_forgotten_route
    for browser in (app.test_client(), sign_in("admin", app=app)):
        with caplog.at_level(logging.ERROR):
            caplog.clear()
            response = browser.get("/forgotten")
        assert response.status_code == 403
        assert "secrets" not in response.text
        assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [
            "the route forgotten declares no requirement and answers nobody"
        ]


def test_declared_route_opens(app_with_forgotten_route, sign_in):
    app = app_with_forgotten_route
    declare(app, "forgotten", "article:edit")
    assert sign_in("editor", app=app).get("/forgotten").text == "secrets"
    assert sign_in("viewer", app=app).get("/forgotten").status_code == 403
    assert app.test_client().get("/forgotten").location == "/sign-in?next=/forgotten"


@pytest.mark.parametrize("requirement", ["", "everybody", "article", "a:b:c"])
def test_requirement_that_means_nothing_is_refused_at_start(app, requirement):
    with pytest.raises(ValueError, match="neither public"):
        declare(app, "forgotten", requirement)


def test_unknown_address_and_method_pass_to_their_error_pages(client):
    assert client.get("/no-such-page").status_code == 404
    assert client.post("/healthz").status_code == 405
