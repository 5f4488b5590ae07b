"""Values as people and spreadsheets see them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel, force_locale
from markupsafe import Markup

from backoffice.admin.formatting import CLAMP, formatter, size_text
from backoffice.database.attributes import attribute
from backoffice.models import Article
from backoffice.records.exporting.values import escape_formula, export_value
from tests.everything import PLAIN, Colour, Everything


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    app = Flask("formatting")
    Babel(app)
    with app.test_request_context():
        yield


def html(name: str, value: Any, *, long: bool = False) -> str:
    return str(formatter(attribute(Everything, name), long=long)(value)).replace("\u202f", " ")


def words(shown: str) -> str:
    return Markup(shown).striptags()  # noqa: S704 - it is taken apart, not shown


def exported(name: str, value: Any) -> Any:
    return export_value(attribute(Everything, name), value)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("long", [False, True])
def test_no_value_is_a_dash_with_words_for_those_who_listen(name: str, long: bool) -> None:
    shown = html(name, None, long=long)
    assert 'class="value-null"' in shown
    assert '<span class="visually-hidden">no value</span>' in shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("string", "", '<span class="value-empty">""</span>'),
        ("string", "a", '<span class="value-text">a</span>'),
        ("integer", 1204113, "1,204,113"),
        ("big", 2**63 - 1, "9,223,372,036,854,775,807"),
        ("id", 1204113, "1204113"),
        ("double", 0.1, "0.1"),
        ("double", 1234.0, "1,234"),
        ("double", -0.30000000000000004, "-0.30000000000000004"),
        ("double", 1e300, "1e+300"),
        ("double", float("nan"), "nan"),
        ("numeric", Decimal("1234.500"), "1,234.500"),
        ("numeric", Decimal("1" * 40 + ".5"), f"1{',111' * 13}.5"),
        ("numeric", Decimal("NaN"), "NaN"),
        ("boolean", True, '<span class="badge-soft-success">Yes</span>'),
        ("boolean", False, '<span class="badge-soft-neutral">No</span>'),
        ("date", date(2026, 1, 31), '<time datetime="2026-01-31">Jan 31, 2026</time>'),
        ("time", time(18, 30), '<time datetime="18:30:00">6:30:00 PM</time>'),
        ("interval", timedelta(hours=26), '<span class="value-number">1 02:00:00</span>'),
        ("colour", Colour.DEEP_BLUE, '<span class="badge-soft-info">DEEP_BLUE</span>'),
        ("json", ["<", "三"], '<code class="value-json">[&#34;&lt;&#34;,&#34;三&#34;]</code>'),
        ("json_needed", None, '<code class="value-json">null</code>'),
        ("binary", b"x" * 12_345, '<span class="value-binary">12 KB</span>'),
        ("pickle", {1}, '<code class="value-opaque">set</code>'),
    ],
)
def test_each_kind_has_its_look(name: str, value: Any, shown: str) -> None:
    assert html(name, value) == shown


def test_only_moments_in_utc_may_be_shown_in_another_zone() -> None:
    moment = datetime(2026, 1, 31, 18, 30, 0, 7, tzinfo=UTC)
    assert html("moment", moment) == ('<time datetime="2026-01-31T18:30:00Z">Jan 31, 2026, 6:30:00 PM</time>')
    assert html("naive", moment.replace(tzinfo=None)).startswith('<time datetime="2026-01-31T18')


def test_the_first_year_and_the_last_are_shown() -> None:
    for year in (1, 9999):
        moment = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
        assert f"{year:04}-12-31T23:59:59Z" in html("moment", moment)
        assert f"{year:04}-12-31" in html("date", moment.date())


def test_dates_and_numbers_follow_the_language() -> None:
    with force_locale("zh_Hans_CN"):
        assert "2026年1月31日" in html("date", date(2026, 1, 31))
    with force_locale("de"):
        assert "1.234,5" in html("double", 1234.5)


@pytest.mark.parametrize("name", ["string", "text", "json", "state"])
@pytest.mark.parametrize("long", [False, True])
def test_markup_in_values_is_shown_and_never_run(name: str, long: bool) -> None:
    shown = html(name, "<script>alert(1)</script>", long=long)
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown


def test_a_list_cuts_long_values_and_details_show_them_whole() -> None:
    for name, value in {"text": "三" * 5000, "json": ["x" * 5000]}.items():
        assert len(words(html(name, value))) == CLAMP + 1
        assert html(name, value).count("…") == 1
        assert len(words(html(name, value, long=True))) >= 5000


def test_details_keep_lines_of_text_and_spread_json() -> None:
    assert html("text", "a\nb", long=True) == '<span class="value-text">a\nb</span>'
    assert html("json", {"a": 1}, long=True) == '<pre class="value-json">{\n  &#34;a&#34;: 1\n}</pre>'


def test_keys_of_other_records_are_not_grouped() -> None:
    user_id = attribute(Article, "user_id")
    assert "50000" in formatter(user_id)(50000)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KB"), (12_345, "12 KB"), (5 * 2**20, "5.0 MB")],
)
def test_sizes_are_told_as_people_tell_them(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("name", "value", "cell"),
    [
        ("string", None, None),
        ("string", "", ""),
        ("string", "=1+1", "'=1+1"),
        ("integer", -5, -5),
        ("double", -0.5, -0.5),
        ("numeric", Decimal("-1.50"), "-1.50"),
        ("boolean", False, "false"),
        ("date", date(7, 1, 2), "0007-01-02"),
        ("moment", datetime(2026, 1, 31, 18, 30, 0, 7, tzinfo=UTC), "2026-01-31T18:30:00.000007Z"),
        ("naive", datetime(2026, 1, 31, 18, 30), "2026-01-31T18:30:00"),  # noqa: DTZ001 - the column keeps no zone
        ("interval", timedelta(hours=26), "1 02:00:00"),
        ("interval", timedelta(hours=-26), "'-1 02:00:00"),
        ("colour", Colour.RED, "RED"),
        ("json", {"a": "三"}, '{"a":"三"}'),
        ("json", True, "true"),
        ("json_needed", None, "null"),
        ("binary", b"\0\xff", base64.b64encode(b"\0\xff").decode()),
        ("pickle", {1}, "(set)"),
    ],
)
def test_a_cell_of_a_file_is_exact_and_cannot_run(name: str, value: Any, cell: Any) -> None:
    found = exported(name, value)
    assert (found, type(found)) == (cell, type(cell))


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@A1",
        "\t=1",
        "\r=1",
        "\n1",
        "  =1",
        "\ufeff=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "|x",
        "%0A",
        "'=1",
        "\u200e=1",
        "\u202e=1",
        "\u00ad\u2060=1",
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe_and_loses_nothing(text: str) -> None:
    assert escape_formula(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "'tis", "三体", " a", "''"])
def test_other_texts_are_exported_as_they_are(text: str) -> None:
    assert escape_formula(text) == text
