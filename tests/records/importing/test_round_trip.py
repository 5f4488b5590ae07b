"""What the product exports and what it writes back as failed is read as the same texts."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.database.attributes import Kind, attribute
from backoffice.database.moments import print_moment
from backoffice.database.values import parse_value
from backoffice.models import Article
from backoffice.records.exporting import FORMATS, Column
from backoffice.records.exporting.values import exact_value
from backoffice.records.importing import REASON, Cell, Row, detect, failed_head, failed_line, rows, write_failed
from tests.everything import OTHER, PLAIN, Everything
from tests.records.importing.shared import read, values, written

# Every text that a database keeps, those that look like formulas, quotes and escapes more often than by chance.
ANY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
AWKWARD = st.text(st.sampled_from("'=+-@|%＝\t\r\n \u200b\ufeff\",;_xX0041F5&<>\x07\x0b\x1f\x85\u2028\ufffe😀字a"))
TEXTS = st.one_of(ANY, AWKWARD)
KINDS = ("csv", "xlsx", "jsonl")


def back(kind: str, content: bytes) -> list[Row]:
    with TemporaryDirectory() as folder:
        return read(written(Path(folder) / f"a.{kind}", content))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(table=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), title=TEXTS)
def test_every_text_comes_back_as_it_was(kind: str, table: list[tuple[str, str]], title: str) -> None:
    columns = [
        Column("id", "Id", attribute(Article, "id")),
        Column("title", f"={title[:20].strip()}x", attribute(Article, "title")),
        Column("content", "Content", attribute(Article, "content")),
    ]
    block = [range(1, len(table) + 1), *zip(*table, strict=True)]
    content = b"".join(FORMATS[kind].write(columns, "Articles", [block]))
    found = values(back(kind, content))
    assert [tuple(row[1:]) for row in found] == table
    assert [int(row[0]) for row in found] == [*range(1, len(table) + 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_and_the_empty_text_stay_two_things(kind: str) -> None:
    columns = [Column(name, name, attribute(Article, name)) for name in ("id", "title", "content")]
    content = b"".join(FORMATS[kind].write(columns, "Articles", [[(1, 2), (None, ""), ("", None)]]))
    assert [row[1:] for row in values(back(kind, content))] == [[None, ""], ["", None]]


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_every_kind_mean_the_same_after_they_were_exported(kind: str) -> None:
    names = [name for name in OTHER if name != "pickle"]
    columns = [Column(name, name, attribute(Everything, name)) for name in names]
    kept = [{**PLAIN}, {**OTHER}]
    block = [[exact_value(attribute(Everything, name), each[name]) for each in kept] for name in names]
    found = back(kind, b"".join(FORMATS[kind].write(columns, "Everything", [block])))
    for row, each in zip(found, kept, strict=True):
        assert row.problem is None
        wrong = [name for name in names if not same(name, row.values[name], each[name], kind)]
        assert wrong == []


def same(name: str, cell: Cell, value: Any, kind: str) -> bool:
    """Whether a cell is read as the value, the way a form would read its text."""
    found = attribute(Everything, name)
    if found.kind is Kind.JSON and kind == "jsonl":
        return bool(cell == value)
    if isinstance(cell, (date, time, timedelta)):
        cell = print_moment(None, cell)
    if found.kind is Kind.DATETIME and isinstance(cell, str):
        cell = cell.removesuffix("Z")
    return bool(parse_value(found, cell if isinstance(cell, (str, bool)) else str(cell)) == value)


CELLS = st.one_of(st.none(), TEXTS)


@settings(max_examples=150, deadline=None)
@given(table=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4), reason=TEXTS)
def test_failed_rows_are_read_again_as_they_came(table: list[tuple[str | None, str | None]], reason: str) -> None:
    failed = [(Row(n, {"id": str(n), "a": first, "reason": second}), reason) for n, (first, second) in enumerate(table)]
    stream = io.BytesIO()
    assert write_failed(stream, ["id", "reason", "a"], failed) == len(table)
    content = stream.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    found = back("csv", content)
    assert [row.values for row in found] == [row.values for row, _reason in failed]


def test_the_reason_is_the_last_column_and_no_column_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "failed.csv"
    write_failed(path, ["a", "b"], [(Row(2, {"a": "=1", "b": None}), "No such user."), (Row(3, {"a": "x"}), "")])
    assert path.read_bytes().decode() == '\ufeffa,b,reason\r\n\'=1,,No such user.\r\nx,,""\r\n'
    layout = detect(path, "failed.csv")
    assert (layout.columns, layout.ignored) == (("a", "b"), (REASON,))
    assert [row.values for row in rows(path, layout)] == [{"a": "=1", "b": None}, {"a": "x", "b": None}]


def test_only_the_last_of_several_columns_is_a_reason(tmp_path: Path) -> None:
    for content, columns in (("reason\nx\n", ("reason",)), ("reason,a\nx,y\n", ("reason", "a"))):
        assert detect(written(tmp_path / "a.csv", content), "a.csv").columns == columns


def test_cells_in_no_column_stand_behind_the_reason_until_they_are_taken_out(tmp_path: Path) -> None:
    [row] = read(written(tmp_path / "a.csv", "a,b\n1,2,3,4\n"))
    content = failed_head(["a", "b"]) + failed_line(["a", "b"], row, "Too many cells.")
    assert content.decode() == "\ufeffa,b,reason\r\n1,2,Too many cells.,3,4\r\n"
    [again] = read(written(tmp_path / "b.csv", content))
    assert (again.values, again.beyond) == (row.values, ("3", "4"))
    assert again.problem is not None


def test_cells_of_other_kinds_are_written_as_forms_read_them() -> None:
    cells: dict[str, Cell] = {
        "a": -5, "b": Decimal("1.50"), "c": True, "d": date(2026, 1, 31), "e": timedelta(hours=36),
        "f": ["x", 1], "g": {"k": None}, "h": datetime(2026, 1, 31, 18, 30),  # noqa: DTZ001
        "i": "\ud800",
    }  # fmt: skip
    line = failed_line([*cells], Row(1, cells), "because")
    assert line.decode() == (
        '-5,1.50,true,2026-01-31,1 12:00:00,"[""x"", 1]","{""k"": null}",2026-01-31T18:30:00,\\ud800,because\r\n'
    )


def test_a_line_that_is_no_json_is_written_back_whole(tmp_path: Path) -> None:
    _right, wrong = read(written(tmp_path / "a.jsonl", '{"a": 1}\n{"a": 1,}\n'))
    line = failed_line(["a"], wrong, str(wrong.problem)).decode()
    assert line.startswith(",It is not JSON")
    assert line.endswith('"{""a"": 1,}"\r\n')


def test_a_layout_is_json(tmp_path: Path) -> None:
    layout = detect(written(tmp_path / "a.csv", "a;b\n"), "a.csv")
    assert json.loads(json.dumps(layout.to_dict())) == {
        "kind": "csv", "columns": ["a", "b"], "encoding": "utf-8", "delimiter": ";", "sheet": "", "sheets": [],
        "ignored": [],
    }  # fmt: skip
