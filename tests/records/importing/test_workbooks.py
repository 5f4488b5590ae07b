"""Sheets: what cells mean, and which rows are told to be wrong."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backoffice.errors import BadInput
from backoffice.records.importing import detect, rows
from backoffice.records.importing.quantities import Style, style_of
from tests.records.importing.shared import SMALL, read, values
from tests.records.importing.workbooks import cell, packed, parts, sheet

STYLES = (
    '<numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm"/><numFmt numFmtId="166" formatCode="0.0&quot; days&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>'
    + "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 22, 21, 164, 165, 166, 10, 49))
    + "</cellXfs>"
)
DAY, MOMENT, TIME, CHINESE, DURATION, DAYS, PERCENT, TEXT = range(1, 9)


def moment(*given: int) -> datetime:
    """A moment as a sheet has it: of no time zone."""
    return datetime(*given)  # type: ignore[arg-type]  # noqa: DTZ001


def made(path: Path, rows: str, **given: Any) -> Path:
    after = given.pop("after", "")
    return packed(path / "a.xlsx", parts(sheet(rows, after=after), styles=STYLES, **given))


def only(path: Path, content: str, **given: Any) -> Any:
    """What is read of one cell."""
    return read(made(path, f'<row r="2"><c r="A2" t="str"><v>x</v></c>{content}</row>', **given))[0].values["b"]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (cell("B2", "5"), 5),
        (cell("B2", "-12.500"), -12.5),
        (cell("B2", "1.1000000000000001"), 1.1),
        (cell("B2", "5.0"), 5),
        (cell("B2", "1E+300"), 1e300),
        (cell("B2", "12345678901234567890"), 12345678901234567890),
        (cell("B2", "0.12345678901234567890"), Decimal("0.12345678901234567890")),
        (cell("B2", "0.5", style=PERCENT), 0.5),
        (cell("B2", "7", style=TEXT), 7),
        (cell("B2", "7.5", style=DAYS), 7.5),
        (cell("B2", "7", style=99), 7),
        (cell("B2", "1", "b"), True),
        (cell("B2", "0", "b"), False),
        (cell("B2", "0", "s"), "shared"),
        (cell("B2", "1", "s"), "rich text"),
        (cell("B2", "2", "s"), "東京"),
        (cell("B2", "3", "s"), "_x0041_ \x07\r"),
        (cell("B2", "", "str"), ""),
        (cell("B2", "x", "str"), "x"),
        (cell("B2", "2026-01-31", "d"), date(2026, 1, 31)),
        (cell("B2", "2026-01-31T18:30:00", "d"), moment(2026, 1, 31, 18, 30)),
        ("<c r='B2' t='inlineStr'><is><r><t>a</t></r><r><rPr><b/></rPr><t> b</t></r></is></c>", "a b"),
        ("<c r='B2' t='inlineStr'><is/></c>", ""),
        ("<c r='B2' s='3'/>", None),
        ("<c r='B2'><v/></c>", None),
        ("<c r='B2'><f>1+1</f><v>2</v></c>", 2),
        ("<c r='B2' t='str'><f>A2</f><v>'=1</v></c>", "=1"),
        ("<c r='B2' t='str'><f>A2</f><v></v></c>", None),
        ("<c t='str'><v>next</v></c>", "next"),
        (cell("B2", "46053", style=DAY), date(2026, 1, 31)),
        (cell("B2", "46053", style=CHINESE), date(2026, 1, 31)),
        (cell("B2", "46053", style=MOMENT), moment(2026, 1, 31)),
        (cell("B2", "46053.770833333336", style=MOMENT), moment(2026, 1, 31, 18, 30)),
        (cell("B2", "46053.5", style=DAY), moment(2026, 1, 31, 12)),
        (cell("B2", "0.770833333333333", style=TIME), time(18, 30)),
        (cell("B2", "1.5", style=DURATION), timedelta(hours=36)),
        (cell("B2", "1", style=DAY), date(1900, 1, 1)),
        (cell("B2", "59", style=DAY), date(1900, 2, 28)),
        (cell("B2", "61", style=DAY), date(1900, 3, 1)),
        (cell("B2", "2958465", style=DAY), date(9999, 12, 31)),
    ],
)
def test_a_cell_keeps_its_kind(tmp_path: Path, content: str, value: Any) -> None:
    shared = (
        "<si><t>shared</t></si><si><r><t>rich</t></r><r><t> text</t></r></si>"
        "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si><si><t>_x005F_x0041_ _x0007__x000d_</t></si>"
    )
    found = only(tmp_path, content, shared=shared)
    assert (found, type(found)) == (value, type(value))


def test_days_may_be_counted_from_1904(tmp_path: Path) -> None:
    properties = '<workbookPr date1904="1"/>'
    assert only(tmp_path, cell("B2", "0", style=DAY), properties=properties) == date(1904, 1, 1)
    assert only(tmp_path, cell("B2", "44591.25", style=MOMENT), properties=properties) == moment(2026, 1, 31, 6)


@pytest.mark.parametrize(
    ("content", "words", "raw"),
    [
        (cell("B2", "#N/A", "e"), "B2: The cell holds the error #N/A", "#N/A"),
        ("<c r='B2'><f>1+1</f></c>", "B2: The formula has no result", None),
        (cell("B2", "0", style=DAY), "no day 0", "0"),
        (cell("B2", "60", style=DAY), "no day 60", "60"),
        (cell("B2", "-5", style=MOMENT), "no day -5", "-5"),
        (cell("B2", "99999999", style=DAY), "no day 99999999", "99999999"),
        (cell("B2", "1e300", style=DURATION), "no day 1e300", "1e300"),
        (cell("B2", "NaN"), "“NaN” is no number", "NaN"),
        (cell("B2", "1e999"), "“1e999” is no number", "1e999"),
        (cell("B2", "2", "b"), "neither true nor false", "2"),
        (cell("B2", "yesterday", "d"), "is no date", "yesterday"),
        (cell("B2", "_x0000_", "str"), "NUL", "\0"),
        (cell("B2", "_xD800_", "str"), "half a character", "\ud800"),
        (cell("B2", "x" * 1_001, "str"), "too long: at most 1,000 characters", None),
        (cell("B2", "x", "str") + cell("D2", "y", "str"), "in no column", "x"),
        (cell("B2", "x", "str") + cell("ALLLB2", "y", "str"), "in no column", "x"),
        ("".join(cell(f"{place}2", "x" * 900, "str") for place in "BCDE"), "It is too long", "x" * 900),
    ],
)
def test_a_cell_that_is_wrong_is_told_and_reading_goes_on(tmp_path: Path, content: str, words: str, raw: Any) -> None:
    path = made(tmp_path, f'<row r="2">{content}</row><row r="7">{cell("A7", "7")}</row>')
    wrong, right = read(path, SMALL)
    assert words in str(wrong.problem)
    assert wrong.values["b"] == raw
    assert (right.number, right.values, right.problem) == (7, {"a": 7, "b": None}, None)


def test_rows_have_the_numbers_of_the_sheet_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    many = '<row r="3"/><row r="4"><c r="A4" s="1"/></row><row><c><v>5</v></c></row><row r="1048576">'
    found = read(made(tmp_path, many + cell("B1048576", "9") + "</row>"))
    assert [(row.number, *row.values.values()) for row in found] == [(5, 5, None), (1_048_576, None, 9)]


def test_a_row_that_merged_cells_reach_into_is_told(tmp_path: Path) -> None:
    many = "".join(f'<row r="{n}">{cell(f"A{n}", "1")}</row>' for n in range(2, 9))
    merged = '<mergeCells><mergeCell ref="A1:B1"/><mergeCell ref="B3:B4"/><mergeCell ref="A6:B6"/></mergeCells>'
    found = read(made(tmp_path, many, after=merged))
    assert [row.number for row in found if row.problem] == [3, 4, 6]
    assert "B3:B4" in str(found[1].problem)


def test_the_first_sheet_that_is_shown_and_holds_something_is_read(tmp_path: Path) -> None:
    empty = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
    some = [sheet(f'<row r="2">{cell("A2", str(number))}</row>') for number in range(3)]
    path = packed(tmp_path / "a.xlsx", parts(some[0], empty, some[1], some[2], names="1"))
    layout = detect(path, "a.xlsx")
    assert (layout.sheet, layout.sheets) == ("Three", ("Two", "Three", "Four"))
    assert values(list(rows(path, layout))) == [[1, None]]
    assert values(list(rows(path, detect(path, "a.xlsx", sheet="Four")))) == [[2, None]]
    for name, words in (("One", "no such sheet"), ("Two", "Nothing stands on this sheet"), ("Five", "no such sheet")):
        with pytest.raises(BadInput, match=words):
            detect(path, "a.xlsx", sheet=name)
    with pytest.raises(BadInput, match="unhide"):
        detect(packed(path, parts(some[0], empty, names="1")), "a.xlsx")


def test_a_table_may_begin_anywhere(tmp_path: Path) -> None:
    table = (
        '<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><sheetData>'
        f'<row r="4">{cell("C4", "x", "str")}{cell("D4", "2026")}</row>'
        f'<row r="5">{cell("C5", "1")}{cell("D5", "2")}</row><row r="6">{cell("A6", "0")}</row>'
        "</sheetData></worksheet>"
    )
    first, second = read(packed(tmp_path / "a.xlsx", parts(table)))
    assert first.values == {"x": 1, "2026": 2}
    assert (second.beyond, second.problem is None) == ((0,), False)


@pytest.mark.parametrize(
    ("code", "style"),
    [
        ("General", Style.NUMBER), ("0.00E+00", Style.NUMBER), ("#,##0.00 [$€-407]", Style.NUMBER),
        ('0 "days"', Style.NUMBER), ("[Red]0;[Blue]0", Style.NUMBER), ("@", Style.NUMBER), ("0_d", Style.NUMBER),
        ("yyyy\\-mm\\-dd", Style.DAY), ("[$-409]d-mmm-yy;@", Style.DAY), ("mmm", Style.DAY),
        ("m/d/yy h:mm", Style.MOMENT), ("yyyy-mm-dd hh:mm:ss.000", Style.MOMENT), ("h:mm AM/PM", Style.TIME),
        ("mm:ss.0", Style.TIME), ("[h]:mm:ss", Style.DURATION), ("[mm]:ss", Style.DURATION),
    ],
)  # fmt: skip
def test_a_format_tells_whether_a_number_is_a_day(code: str, style: Style) -> None:
    assert style_of(code) is style
