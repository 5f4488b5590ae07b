"""Whoever is sent to a process that is ready finds it as quick as those who come later."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backoffice.pages import warming
from backoffice.pages.environment import Environment

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that are compiled."""
    names: list[str] = []
    compile_it = Environment.compile

    def noting(self: Any, source: Any, name: Any = None, *more: Any, **options: Any) -> Any:
        names.append(name)
        return compile_it(self, source, name, *more, **options)

    monkeypatch.setattr(Environment, "compile", noting)
    return names


@pytest.mark.parametrize("hosts", [(), (".example.com", "other.example.org")])
def test_pages_of_either_language_find_their_templates_compiled(
    hosts: tuple[str, ...], make_app: Callable[..., Flask], sign_in: Callable[..., FlaskClient], compiled: list[str]
) -> None:
    app = make_app(trusted_hosts=hosts)
    warming.warm(app)
    assert len(compiled) > 100
    del compiled[:]
    app.config["TRUSTED_HOSTS"] = None
    browser = sign_in(app=app)
    for language in ("en", "zh-CN"):
        for page in ("/sign-in", "/admin/", "/admin/article/", "/admin/article/new/", "/admin/no-such-page"):
            browser.get(page, headers={"Accept-Language": language})
    assert compiled == []


def test_a_process_is_ready_once_it_is_warm(make_app: Callable[..., Flask]) -> None:
    app, idle = make_app(), Event()
    browser = app.test_client()
    assert browser.get("/readyz").status_code == 200, "nothing to wait for where nothing was begun"
    warming.begin(app, is_busy=lambda: not idle.is_set())
    waiting = browser.get("/readyz")
    page = browser.get("/sign-in")
    idle.set()
    app.extensions[warming.KEY].join(60)
    assert (waiting.status_code, waiting.json) == (503, {"ready": False, "warming": True})
    assert page.status_code == 200, "whoever is there already need not wait"
    assert browser.get("/readyz").status_code == 200


def test_people_who_never_stop_asking_do_not_keep_it_cold(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "PATIENCE", 0.05)
    app = make_app()
    warming.begin(app, is_busy=lambda: True)
    app.extensions[warming.KEY].join(60)
    assert not warming.is_warming(app)
