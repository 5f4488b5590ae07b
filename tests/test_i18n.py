"""Which language a page speaks, and that the libraries' own texts speak it too."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_admin.babel import gettext as admin_gettext
from flask_babel import get_locale, gettext, lazy_gettext
from flask_wtf.i18n import translations as form_translations

from backoffice import i18n
from backoffice.models import Staff
from tests.databases import Databases

pytestmark = pytest.mark.sqlite_only
CHINESE = {"Accept-Language": "zh-CN"}


@pytest.mark.parametrize(
    ("headers", "locale"),
    [
        ({}, "en"),
        ({"Accept-Language": "en-GB,en;q=0.9"}, "en"),
        ({"Accept-Language": "zh"}, "zh_Hans_CN"),
        ({"Accept-Language": "zh-TW,en;q=0.5"}, "zh_Hans_CN"),
        ({"Accept-Language": "zh-Hans-SG"}, "zh_Hans_CN"),
        ({"Accept-Language": "en;q=0.4, zh-CN;q=0.8"}, "zh_Hans_CN"),
        ({"Accept-Language": "fr, zh;q=0"}, "en"),
        ({"Accept-Language": "fr, de"}, "en"),
        ({"Accept-Language": "*"}, "en"),
        ({"Accept-Language": "zh", "Cookie": "locale=en"}, "en"),
        ({"Cookie": "locale=zh_Hans_CN"}, "zh_Hans_CN"),
        ({"Accept-Language": "zh", "Cookie": "locale=../../etc"}, "zh_Hans_CN"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_browsers(app: Flask, headers: dict[str, str], locale: str) -> None:
    with app.test_request_context(headers=headers):
        assert str(get_locale()) == locale


def test_without_a_wish_the_configured_language_is_spoken(databases: Databases) -> None:
    app = databases.make_app(databases.create("sqlite"), default_locale="zh_Hans_CN")
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert str(get_locale()) == "zh_Hans_CN"
    with app.app_context():
        assert str(get_locale()) == "zh_Hans_CN"


def test_every_kind_of_gettext_reads_our_catalogue(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    folder = tmp_path / "zh_Hans_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    folder.joinpath("messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "A lamp for %(name)s"\nmsgstr "给%(name)s的一盏灯"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    i18n.catalogue.cache_clear()
    lazy = lazy_gettext("A lamp for %(name)s", name="Mei")
    try:
        with app.test_request_context(headers=CHINESE):
            assert gettext("A lamp for %(name)s", name="Mei") == "给Mei的一盏灯"
            assert str(lazy) == "给Mei的一盏灯"
            template = app.jinja_env.from_string("{{ _('A lamp for %(name)s', name='Mei') }}")
            assert template.render() == "给Mei的一盏灯"
        with app.test_request_context():
            assert str(lazy) == "A lamp for Mei"
    finally:
        i18n.catalogue.cache_clear()


def test_the_libraries_speak_chinese_too(app: Flask) -> None:
    security = app.extensions["security"]
    with app.test_request_context(headers=CHINESE):
        assert form_translations.gettext("This field is required.") == "该字段是必填字段。"
        assert admin_gettext("Save") == "保存"
        assert security.i18n_domain.gettext("Password not provided") != "Password not provided"
    assert security.datastore.user_model is Staff


def test_a_language_without_a_catalogue_leaves_texts_as_they_are() -> None:
    assert i18n.catalogue("en").gettext("Save") == "Save"
