"""Values as text: what is printed reads back the same, and what no database holds is refused in words."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import mysql

from backoffice.database import limits
from backoffice.database.attributes import Attribute, attribute, kind_of
from backoffice.database.values import parse_bytes, parse_value, print_value
from backoffice.errors import BadInput
from backoffice.models import Article
from tests.everything import Colour, Everything

settings.register_profile("quick", deadline=None, max_examples=60)
settings.load_profile("quick")


def column(column_type: Any, *, nullable: bool = True) -> Attribute:
    made: Any = sa.types.to_instance(column_type)
    return Attribute("x", kind_of(made), None, type=made, nullable=nullable)


def of(name: str) -> Attribute:
    return attribute(Everything, name)


def shortened(raw: Any) -> str:
    return ascii(raw)[:30] if isinstance(raw, str) else type(raw).__name__


def keepable(text: str) -> bool:
    return "\0" not in text


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80).filter(keepable)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS
LEAVES |= st.floats(allow_nan=False, allow_infinity=False)
JSONS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
NAIVE = st.datetimes().map(lambda moment: moment.replace(fold=0))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "small": st.integers(-(2**15), 2**15 - 1),
    "big": st.integers(-(2**63), 2**63 - 1),
    "string": TEXTS,
    "text": TEXTS,
    "date": st.dates(),
    "time": st.times().map(lambda clock: clock.replace(fold=0)),
    "naive": NAIVE,
    "moment": NAIVE.map(lambda moment: moment.replace(tzinfo=UTC)),
    "interval": st.timedeltas(*limits.INTERVALS),
    "float": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "numeric": st.decimals(Decimal("-999999999.999"), Decimal("999999999.999"), places=3),
    "boolean": st.booleans(),
    "colour": st.sampled_from(Colour),
    "state": st.sampled_from(["draft", "done"]),
    "json": JSONS.filter(lambda value: value is not None),
    "uuid": st.uuids(),
}


@pytest.mark.parametrize("name", VALUES)
@given(data=st.data())
def test_what_is_printed_reads_back_as_the_same_value(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    back = parse_value(of(name), print_value(of(name), value))
    assert repr(back) == repr(value)


@pytest.mark.parametrize("name", VALUES)
@given(text=st.text(max_size=40) | st.floats().map(repr) | st.integers().map(str) | st.datetimes().map(str))
def test_any_text_is_read_or_refused_in_a_sentence_that_can_be_shown(name: str, text: str) -> None:
    try:
        value = parse_value(of(name), text)
    except BadInput as error:
        message = error.message
    else:
        message = ""
        assert parse_value(of(name), print_value(of(name), value)) == value
    assert len(message.encode()) < 400


@pytest.mark.parametrize("name", [n for n in VALUES if n not in ("string", "text")])
def test_no_text_and_spaces_are_no_value(name: str) -> None:
    assert parse_value(of(name), "") is None
    assert parse_value(of(name), " \n") is None
    assert parse_value(of(name), None) is None
    assert print_value(of(name), None) == ""


def test_an_empty_text_is_a_value_and_spaces_in_texts_are_kept() -> None:
    assert parse_value(of("string"), "") == ""
    assert parse_value(of("text"), " a\r\nb ") == " a\r\nb "


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("integer", " 12 ", 12),
        ("integer", "１２", 12),
        ("integer", "−5", -5),
        ("integer", 7, 7),
        ("numeric", "1e3", Decimal(1000)),
        ("numeric", "1.5000", Decimal("1.5")),
        ("numeric", 1.5, Decimal("1.5")),
        ("double", 10, 10.0),
        ("boolean", True, True),
        ("boolean", 0, False),
        ("boolean", "Yes", True),
        ("naive", "2026-01-31 18:30", datetime(2026, 1, 31, 18, 30)),  # noqa: DTZ001 - the column keeps no zone
        ("naive", "2026-01-31", datetime(2026, 1, 31)),  # noqa: DTZ001 - the column keeps no zone
        ("moment", "2026-01-31T18:30+08:00", datetime(2026, 1, 31, 10, 30, tzinfo=UTC)),
        ("moment", "2026-01-31T18:30Z", datetime(2026, 1, 31, 18, 30, tzinfo=UTC)),
        ("time", "18：30", time(18, 30)),
        ("time", "18:30:00.5", time(18, 30, 0, 500_000)),
        ("interval", "36:00", timedelta(days=1, hours=12)),
        ("interval", "-1 02:03:04", -timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("uuid", "{00000000-0000-0000-0000-00000000000A}", uuid.UUID(int=10)),
        ("uuid", "0" * 31 + "a", uuid.UUID(int=10)),
        ("colour", "RED", Colour.RED),
        ("json", "null", sa.JSON.NULL),
        ("json", 5, 5),
        ("string", 5, "5"),
    ],
)
def test_other_ways_of_writing_a_value_are_understood(name: str, raw: Any, value: Any) -> None:
    assert parse_value(of(name), raw) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("integer", "2147483648"),
        ("integer", "1_000"),
        ("integer", "١٢"),
        ("integer", "1.0"),
        ("integer", True),
        ("integer", 5.0),
        ("integer", 10**5000),
        ("integer", "9" * 5000),
        ("integer", [1]),
        ("small", "32768"),
        ("big", str(2**63)),
        ("numeric", "1000000000"),
        ("numeric", "0.0001"),
        ("numeric", "1e9999"),
        ("numeric", "1e-9999"),
        ("numeric", "NaN"),
        ("numeric", "1,5"),
        ("float", "1e39"),
        ("float", "1e-60"),
        ("double", "1e400"),
        ("double", "inf"),
        ("double", float("nan")),
        ("boolean", "maybe"),
        ("boolean", 2),
        ("date", "0000-01-01"),
        ("date", "2026-02-30"),
        ("date", "20260131"),
        ("date", "2026-W05-6"),
        ("time", "24:00"),
        ("time", "18:30Z"),
        ("naive", "2026-01-31T18:30Z"),
        ("naive", "2026-01-31T25:00"),
        ("moment", "0001-01-01T00:00+14:00"),
        ("interval", "one day"),
        ("interval", "999999999 00:00:00"),
        ("interval", "-719163 00:00:00"),
        ("uuid", "0" * 33),
        ("uuid", "00000000_0000-0000-0000-000000000000"),
        ("colour", "r"),
        ("state", "gone"),
        ("json", "{"),
        ("json", "NaN"),
        ("json", "[1e999]"),
        ("json", '{"a": 1, "a": 2}'),
        ("json", "[" * 32 + "]" * 32),
        ("json", "[" * 100_000),
        ("json", "9" * 5000),
        ("json", str(2**63)),
        ("json", '"\\ud800"'),
        ("json", '{"\\u0000": 1}'),
        ("string", "x" * 81),
        ("string", "a\0"),
        ("string", "\ud800"),
        ("text", "三" * 21_846),
        ("binary", "b'x'"),
        ("pickle", "gASVAgAAAAAAAABLAS4="),
    ],
    ids=shortened,
)
def test_what_some_database_could_not_hold_is_refused(name: str, raw: Any) -> None:
    with pytest.raises(BadInput):
        parse_value(of(name), raw)


def test_a_refusal_repeats_the_text_short_and_says_how_to_write_it() -> None:
    with pytest.raises(BadInput) as refusal:
        parse_value(of("integer"), "abc")
    assert refusal.value.message == "“abc” is not a whole number."
    with pytest.raises(BadInput) as refusal:
        parse_value(of("date"), "\ud800" + "x" * 5000)
    assert "\ud800" not in refusal.value.message
    assert len(refusal.value.message) < 120


def test_the_canonical_text_of_each_kind() -> None:
    assert print_value(of("date"), date(7, 1, 2)) == "0007-01-02"
    assert print_value(of("time"), time(1, 2, 3, 4)) == "01:02:03.000004"
    assert print_value(of("moment"), datetime(2026, 1, 31, 18, tzinfo=UTC)) == "2026-01-31T18:00:00"
    assert print_value(of("interval"), timedelta(seconds=-1)) == "-0 00:00:01"
    assert print_value(of("numeric"), Decimal("-0.00")) == "-0.00"
    assert print_value(of("numeric"), Decimal("1E+3")) == "1000"
    assert print_value(of("colour"), Colour.RED) == "RED"
    assert print_value(of("json"), {"a": ["三", None]}) == '{"a":["三",null]}'
    assert print_value(of("json"), "\ud800") == '"\\ud800"'
    assert print_value(of("json_needed"), None) == "null"
    assert print_value(of("binary"), b"abc") == "3 bytes"
    assert print_value(of("pickle"), {1}) == "set"


def test_a_python_enum_kept_by_value_is_written_by_value() -> None:
    by_value = column(sa.Enum(Colour, values_callable=lambda members: [m.value for m in members]))
    assert print_value(by_value, Colour.DEEP_BLUE) == "b"
    assert parse_value(by_value, "b") is Colour.DEEP_BLUE


def test_a_uuid_column_of_texts_gets_texts() -> None:
    assert parse_value(column(sa.Uuid(as_uuid=False)), "0" * 32) == str(uuid.UUID(int=0))


def test_json_null_needs_a_column_that_knows_it() -> None:
    assert parse_value(column(sa.JSON(none_as_null=True)), "null") is None


def test_limits_that_differ_between_databases_follow_the_database() -> None:
    text = of("text")
    assert len(parse_value(text, "x" * 65_536, "postgresql")) == 65_536
    with pytest.raises(BadInput):
        parse_value(text, "x" * 65_536, "mysql")
    assert parse_value(of("double"), "1e39", "mysql") == 1e39
    assert parse_value(of("float"), "1e39", "sqlite") == 1e39
    with pytest.raises(BadInput):
        parse_value(of("naive"), "2026-01-31T18:30:00.5", "mysql")
    assert parse_value(of("moment"), "2026-01-31T18:30:00.5", "mysql").microsecond == 500_000
    exact = column(sa.Numeric(20, 4))
    assert parse_value(exact, "1234567890123456.7891", "postgresql") == Decimal("1234567890123456.7891")
    with pytest.raises(BadInput):
        parse_value(exact, "1234567890123456.7891", "sqlite")
    bare = column(sa.Numeric())
    assert parse_value(bare, "1.25", "postgresql") == Decimal("1.25")
    with pytest.raises(BadInput):
        parse_value(bare, "1.25", "mysql")


def test_a_mysql_timestamp_ends_in_2038() -> None:
    stamp = column(sa.TIMESTAMP())
    assert parse_value(stamp, "2038-01-19T03:14:07").year == 2038
    with pytest.raises(BadInput):
        parse_value(stamp, "2038-01-19T03:14:08")
    assert parse_value(stamp, "2039-01-01", "sqlite").year == 2039


def test_unsigned_and_longer_variants_are_known() -> None:
    assert parse_value(column(mysql.TINYINT(unsigned=True)), "255") == 255
    with pytest.raises(BadInput):
        parse_value(column(mysql.TINYINT(unsigned=True)), "-1")
    content = attribute(Article, "content")
    assert len(parse_value(content, "x" * 100_000, "mysql")) == 100_000


def test_a_file_larger_than_its_column_is_refused() -> None:
    assert parse_bytes(of("binary"), b"x" * 65_535, "mysql") == b"x" * 65_535
    with pytest.raises(BadInput):
        parse_bytes(of("binary"), b"x" * 65_536, "mysql")
    assert len(parse_bytes(of("binary"), b"x" * 65_536, "sqlite")) == 65_536
    with pytest.raises(BadInput):
        parse_bytes(column(sa.LargeBinary(3)), b"four", "sqlite")


@given(value=JSONS)
def test_json_is_printed_as_json(value: Any) -> None:
    assert json.loads(print_value(of("json_needed"), value)) == value
