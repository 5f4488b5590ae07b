"""Templates are compiled once per language and place of the site, with constant words and shapes put in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from jinja2 import DictLoader
from markupsafe import escape

from backoffice.i18n import catalogue
from backoffice.pages.environment import MOST_KEPT

pytestmark = pytest.mark.sqlite_only
SAVE_IN_CHINESE = catalogue("zh_Hans_CN").gettext("Save")
PAGES = {
    "page": "{% extends 'frame' %}{% from 'part' import part %}"
    "{% block body %}{{ _('Save') }}{{ part() }}{% endblock %}",
    "frame": "<title>{{ _('Save') }}</title>{% block body %}{% endblock %}",
    "part": "{% macro part() %}{{ icon('trash3') }}<b title=\"{{ _('Save') }}\">{% endmacro %}",
    "spoken": "{{ _('Said by %(name)s', name=typed) }} {{ own._('Save') }} {{ icon(shape) }}",
    "odd": "{{ _('Fish & <chips>') }} {{ [_('Save'), 'x']|join('/') }} {{ _('Save')|length }} {{ _('Save')|upper }}",
}


@pytest.fixture
def own_app(make_app: Callable[..., Flask]) -> Flask:
    """An application that draws these pages."""
    app = make_app()
    app.jinja_env.loader = DictLoader(PAGES)
    return app


def drawn(app: Flask, name: str, locale: str = "en", root: str = "", **context: object) -> str:
    """What a template gives to somebody of that language, at that place of the site."""
    with app.test_request_context("/", headers={"Cookie": f"locale={locale}"}, environ_overrides={"SCRIPT_NAME": root}):
        return app.jinja_env.get_template(name).render(**context)


def test_each_language_and_each_place_has_its_own(own_app: Flask) -> None:
    for _again in range(2):
        english, chinese = drawn(own_app, "page"), drawn(own_app, "page", "zh_Hans_CN")
        assert (english.count("Save"), english.count(SAVE_IN_CHINESE)) == (3, 0)
        assert (chinese.count("Save"), chinese.count(SAVE_IN_CHINESE)) == (0, 3)
        assert 'href="/icons.svg' in english
        assert 'href="/office/icons.svg' in drawn(own_app, "page", root="/office")


def test_what_depends_on_the_page_is_asked_whenever_it_is_drawn(own_app: Flask) -> None:
    class Own:
        @staticmethod
        def _(text: str) -> str:
            return f"own {text}"

    for typed, shape in (("<one>", "trash3"), ("<two>", "plus-lg")):
        page = drawn(own_app, "spoken", typed=typed, own=Own, shape=shape)
        assert page.startswith(f"Said by {escape(typed)} own Save <svg")
        assert f"#{shape}" in page


def test_a_message_is_html_wherever_it_stands(own_app: Flask) -> None:
    assert drawn(own_app, "odd") == "Fish & <chips> Save/x 4 SAVE"


def test_more_places_than_are_kept_are_drawn_rightly(own_app: Flask) -> None:
    for number in range(MOST_KEPT + 3):
        assert f'href="/at{number}/icons.svg' in drawn(own_app, "page", root=f"/at{number}")
    assert len(own_app.jinja_env.kept) == MOST_KEPT  # type: ignore[attr-defined]  # our own environment has it
