"""CSV: encodings, delimiters, quotes, and everything that is wrong in files from elsewhere."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.errors import BadInput
from backoffice.records.importing import Bounds, FileKind, detect, rows
from backoffice.records.importing.delimited import Records
from tests.records.importing.shared import SMALL, read, values, written

TEXT = "名称,价格\r\n三体,12\r\n“流浪地球”,7\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("gb18030") + "😀,1\r\n".encode("gb18030"), "gb18030"),
    ],
)
def test_a_text_is_read_in_the_encoding_it_is_in(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = written(tmp_path / "a.csv", content)
    layout = detect(path, "a.csv")
    assert (layout.kind, layout.encoding, layout.delimiter) == (FileKind.CSV, encoding, ",")
    assert layout.columns == ("名称", "价格")
    found = list(rows(path, layout))
    assert [row.number for row in found[:2]] == [2, 3]
    assert values(found)[:2] == [["三体", "12"], ["“流浪地球”", "7"]]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_an_encoding_is_right_for_the_whole_file_or_not_at_all(tmp_path: Path, encoding: str) -> None:
    long = "名称,备注\n" + "三体,一个很长的故事\n" * 20_000
    path = written(tmp_path / "a.csv", long.encode(encoding))
    assert detect(path, "a.csv").encoding == encoding
    assert len(values(read(path))) == 20_000
    with path.open("ab") as file:
        file.write("名".encode(encoding)[:1])
    with pytest.raises(BadInput, match="CSV UTF-8"):
        detect(path, "a.csv")


@pytest.mark.parametrize(
    "content",
    [
        "name,city\r\nMüller,Köln\r\n".encode("cp1252"),
        "nom,prénom\r\nélan,déjà vu\r\n".encode("latin-1"),
        "名前,都市\r\n太郎,東京カタカナ\r\n".encode("shift_jis"),
        ("名称,备注\n" + "三体,好\n" * 10).encode() + b"\xff\n" + "三体,好\n".encode(),
        b"\xef\xbb\xbf" + "名称\n三体".encode()[:-1],
        b"\xff\xfe" + "a,b\n".encode("utf-16-le")[:-1],
        b"\xff\xfe" + "a,b\n".encode("utf-16-le") + b"\x00\xd8",
        "a,b\n1,2\n".encode("utf-32-le"),
        b"\xff\xfe\x00\x00" + "a,b\n1,2\n".encode("utf-32-le"),
        bytes(range(256)) * 20,
        bytes(1000),
    ],
)
def test_other_bytes_are_refused_with_the_fix(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadInput, match="CSV UTF-8"):
        detect(written(tmp_path / "a.csv", content), "a.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_cells_are_parted_by_whatever_parts_them(tmp_path: Path, delimiter: str) -> None:
    lines = [["a", "b", "c"], ['"x;,y|\t"', "1,5" if delimiter != "," else "1", "2"], ["", '""', '"q""q"']]
    path = written(tmp_path / "a.csv", "\n".join(delimiter.join(line) for line in lines))
    layout = detect(path, "a.csv")
    assert (layout.delimiter, layout.columns) == (delimiter, ("a", "b", "c"))
    assert values(list(rows(path, layout)))[1] == [None, "", 'q"q']


def test_a_single_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert values(read(written(tmp_path / "a.csv", 'name\r\nx\r\n""\r\n\r\n"two\nlines"\r\n'))) == [
        ["x"], [""], ["two\nlines"],
    ]  # fmt: skip


def test_rows_have_the_numbers_that_an_editor_shows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", '\n\na,b\r1,"x\r\ny\rz\n"\n\n2,"q"\r\n3,w\n\r4,e')
    found = read(path)
    assert [(row.number, row.values["a"]) for row in found] == [(4, "1"), (9, "2"), (10, "3"), (12, "4")]
    assert found[0].values["b"] == "x\r\ny\rz\n"


@pytest.mark.parametrize(
    ("line", "problem", "cells", "beyond"),
    [
        ("1", "fewer than", ["1", None], ()),
        ("1,2,3", "in no column", ["1", "2"], ("3",)),
        ("1,2,,", None, ["1", "2"], ()),
        (",", "passed over", [], ()),
        ("1,a\0b", "NUL", ["1", "a\0b"], ()),
        ('1,"a"b', "closing quotation mark", ["1", "ab"], ()),
        ('1,a "b" c', None, ["1", 'a "b" c'], ()),
        ("1," + "x" * 1_001, "too long: at most 1,000 characters", ["1", "x" * 1_000], ()),
        ('1,"' + "x\n" * 900 + '"', "too long: at most 1,000 characters", ["1", "x\n" * 500], ()),
        ("1" + ",2" * 50, "more than the 2 columns", ["1", "2"], ("2",) * 4),
    ],
)
def test_a_row_that_is_wrong_is_told_and_reading_goes_on(
    tmp_path: Path, line: str, problem: str | None, cells: list[str], beyond: tuple[str, ...]
) -> None:
    found = read(written(tmp_path / "a.csv", f"a,b\n0,0\n{line}\n9,9\n"), SMALL)
    assert [row.values["a"] for row in (found[0], found[-1])] == ["0", "9"]
    assert found[-1].problem is None
    if problem == "passed over":
        assert len(found) == 2
        return
    assert list(found[1].values.values()) == cells
    assert found[1].beyond == beyond
    assert (found[1].problem is None) if problem is None else problem in str(found[1].problem)


def test_a_quote_that_never_closes_is_one_problem_and_makes_no_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'a,b\n1,2\n3,"' + "4,5\n" * 100_000)
    first, second = read(path, SMALL)
    assert first.problem is None
    assert (second.number, second.values["a"]) == (3, "3")
    assert "never closed" in str(second.problem) or "too long" in str(second.problem)


def test_a_quote_that_never_closes_over_the_whole_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="first row cannot be read"):
        detect(written(tmp_path / "a.csv", '"a,b\n' + "1,2\n" * 1000), "a.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("\ufeff", "Nothing is in this file"),
        ("\r\n \n\t\n", "Nothing is in this file"),
        (",,\n1,2,3\n", "Nothing is in this file"),
        ("a,a,b,b\n", "same name: a, b"),
        ("a,,c\n", "Column 2 has no name"),
        ("a,b,c,d,e,f\n", "more than 5 columns"),
        ("," * 1_000_000, "more than 5 columns"),
        ("x" * 21 + ",b\n", "at most 20 characters"),
        ("x" * 3_000_000, "first row cannot be read"),
        ("name\0,another\n1,2\n", "cannot be a column's name"),
        ("<html><table>", "no table"),
        ("a\n" + "1\n" * 101, "more than 100 rows"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(written(tmp_path / "a.csv", content), SMALL)


def test_empty_names_at_the_end_are_no_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", " a ,b,, \n1,2,,\n3,4,,5\n")
    found = read(path)
    assert found[0].values == {"a": "1", "b": "2"}
    assert (found[1].problem is not None, found[1].beyond) == (True, ("5",))


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.csv", "a,b")) == []


def test_a_file_that_was_exchanged_is_not_read_as_the_other(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,2\n")
    layout = detect(path, "a.csv")
    written(path, "b,a\n1,2\n")
    with pytest.raises(BadInput, match="not the one"):
        list(rows(path, layout))


CELLS = st.text(alphabet=st.sampled_from('a",;\r\n \t\0三'), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6), st.randoms(use_true_random=False))
def test_cells_are_the_same_however_the_text_is_cut(table: list[list[str]], chance: random.Random) -> None:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in line] for line in table]
    text = "".join(",".join(line) + chance.choice(["\n", "\r\n", "\r"]) for line in quoted)
    cuts = sorted(chance.randrange(len(text) + 1) for _ in range(8))
    cut = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, inpieces = ([(r.number, r.cells) for r in Records(iter(given), ",", Bounds())] for given in ([text], cut))
    assert [cells for _number, cells in whole] == table
    assert inpieces == whole


@given(st.text(alphabet=st.sampled_from('ab",\r\n'), max_size=60), st.randoms(use_true_random=False))
def test_any_text_is_read_the_same_however_it_is_cut(text: str, chance: random.Random) -> None:
    cuts = sorted(chance.randrange(len(text) + 1) for _ in range(8))
    cut = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    tight = Bounds(columns=4, cell=7, row=20)
    assert list(Records(iter([text]), ",", tight)) == list(Records(iter(cut), ",", tight))
