"""JSON lines: what is exact, and what is no object."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backoffice.errors import BadInput
from backoffice.records.importing import FileKind, detect, rows
from tests.records.importing.shared import SMALL, read, written


def test_values_stay_what_json_says(tmp_path: Path) -> None:
    value = {"text": "=1+1", "none": None, "yes": True, "int": 2**70, "float": 0.1, "list": ["a", 1], "o": {"k": [1]}}
    [row] = read(written(tmp_path / "a.jsonl", json.dumps(value)))
    assert (row.number, row.values, row.problem) == (1, value, None)
    assert [type(each) for each in row.values.values()] == [type(each) for each in value.values()]


@pytest.mark.parametrize(
    ("number", "value"),
    [("1.10", 1.1), ("0.12345678901234567890", Decimal("0.12345678901234567890")), ("1e400", Decimal("1e400")),
     ("-0.0", -0.0), ("1E2", 100.0), ("9007199254740993", 9007199254740993)],
)  # fmt: skip
def test_no_number_is_rounded(tmp_path: Path, number: str, value: Any) -> None:
    [row] = read(written(tmp_path / "a.jsonl", f'{{"a": {number}}}'))
    assert (row.values["a"], type(row.values["a"])) == (value, type(value))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"a": ', "not JSON"),
        ("[1]", "no object"),
        ("3", "no object"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ('{"a": ' + "9" * 5000 + "}", "too long"),
        ('{"a": 1e999999999}', "too long"),
        ('{"a": 1e-99999999999999999999}', "too long"),
        ('{"a": 1, "a": 2}', "“a” twice"),
        ('{"a": "\\ud800"}', "half a character"),
        ('{"a": "\\u0000"}', "NUL"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "too deep"),
        ('{"a": ' + '{"x":' * 100_000 + "1" + "}" * 100_000 + "}", "too long"),
        ('{"a": ' + "[" * 900 + "}", "not JSON"),
        ('{"a": "' + "x" * 1_500 + '"}', "One of its cells is too long"),
        ('{"a": "' + "x" * 2_500 + '"}', "It is too long"),
        ('{"a": 1} {"a": 2}', "not JSON"),
    ],
)
def test_a_line_that_is_wrong_is_told_and_reading_goes_on(tmp_path: Path, line: str, words: str) -> None:
    found = read(written(tmp_path / "a.jsonl", f'{{"a": 0}}\n{line}\n\n{{"a": 9}}\n'), SMALL)
    assert [(row.number, row.problem) for row in (found[0], found[-1])] == [(1, None), (4, None)]
    assert words in str(found[1].problem)


def test_json_as_deep_as_the_stack_is_a_problem_of_its_row(tmp_path: Path) -> None:
    deep = '{"a": ' + "[" * 500_000 + "]" * 500_000 + "}"
    first, second = read(written(tmp_path / "a.jsonl", f'{{"a": 0}}\n{deep}\n'))
    assert first.problem is None
    assert "too deep" in str(second.problem)


def test_columns_are_those_of_the_first_objects(tmp_path: Path) -> None:
    lines = ['{"a": 1}', '{"b": 2, "a": 3}', *['{"a": 0}'] * 1_000, '{"a": 5, "c": 6}']
    path = written(tmp_path / "a.jsonl", "\r\n".join(lines))
    layout = detect(path, "a.jsonl")
    assert (layout.kind, layout.columns) == (FileKind.JSON_LINES, ("a", "b"))
    found = list(rows(path, layout))
    assert found[0].values == {"a": 1}, "not given is not null"
    assert (found[-1].number, found[-1].values, found[-1].beyond) == (1003, {"a": 5}, (6,))
    assert "do not have: c" in str(found[-1].problem)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", '[\n{"a": 1}]', "one list of JSON"),
        ("a.jsonl", "nothing\nof that kind", "is an object of JSON"),
        ("a.jsonl", '{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}', "more than 5 columns"),
        ("a.jsonl", '{"' + "x" * 21 + '": 1}', "at most 20 characters"),
        ("a.jsonl", '{"": 1}', "cannot be a column's name"),
        ("a.jsonl", '{"a": 1}\n' * 101, "more than 100 rows"),
        ("a.jsonl", "x" * 300_000, "is an object of JSON"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, name: str, content: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(written(tmp_path / name, content), SMALL)


@pytest.mark.parametrize(("name", "kind"), [("a.txt", "jsonl"), ("a", "jsonl"), ("a.csv", "csv"), ("a.xlsx", "jsonl")])
def test_the_content_decides_and_the_name_where_it_could_be_either(tmp_path: Path, name: str, kind: str) -> None:
    assert detect(written(tmp_path / name, '{"a": 1}\n{"a": 2}\n'), name).kind == kind


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_line_ends_are_counted_once_wherever_the_file_is_cut(tmp_path: Path, size: int) -> None:
    first = '{"a": "%s"}' % ("x" * (size - len('{"a": ""}') - 1))
    found = read(written(tmp_path / "a.jsonl", first + '\r\n{"a": 1}\r{"a": 2}\n\n{"a": 3}'))
    assert [row.number for row in found] == [1, 2, 3, 5]
