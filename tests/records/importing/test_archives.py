"""Workbooks that nobody should trust: each is refused in words, before it takes memory."""

from __future__ import annotations

import random
import struct
import zipfile
from pathlib import Path

import pytest

from backoffice.errors import BadInput
from backoffice.records.importing import Bounds, detect, rows
from backoffice.records.importing.bounds import MEGABYTE
from tests.records.importing.shared import SMALL, read, written
from tests.records.importing.workbooks import HEADER, MAIN, cell, packed, parts, sheet

ROW = f'<row r="2">{cell("A2", "1")}</row>'


def refused(path: Path, words: str, bounds: Bounds | None = None) -> None:
    with pytest.raises(BadInput, match=words):
        read(path, bounds)


def sound(path: Path) -> bytes:
    return packed(path / "sound.xlsx", parts(sheet(ROW))).read_bytes()


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    swollen = parts(sheet(ROW)) | {"xl/media/image1.png": "\0" * (3 * MEGABYTE)}
    refused(packed(tmp_path / "a.xlsx", swollen), "at most 512 MB are taken, and at most 200 times")
    chance = random.Random(1)  # noqa: S311 - the same every time
    large = parts(sheet(ROW)) | {f"xl/{n}": chance.randbytes(MEGABYTE // 2).hex() for n in range(3)}
    refused(packed(tmp_path / "a.xlsx", large), "at most 2 MB", Bounds(unpacked=2 * MEGABYTE))


def test_many_parts_are_refused(tmp_path: Path) -> None:
    refused(packed(tmp_path / "a.xlsx", parts(sheet(ROW)) | {f"x{n}": "" for n in range(2_001)}), "more than 2,000")
    refused(packed(tmp_path / "b.xlsx", {f"{n:0200}": "" for n in range(5_000)}), "more than 2,000")


def test_zips_within_zips_are_not_opened(tmp_path: Path) -> None:
    inner = sound(tmp_path).decode("latin-1")
    assert len(read(packed(tmp_path / "a.xlsx", parts(sheet(ROW)) | {"xl/inner.xlsx": inner}))) == 1
    refused(packed(tmp_path / "b.xlsx", {"inner.xlsx": inner}), "no Excel workbook")


def test_parts_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    content = bytearray(sound(tmp_path))
    places = [at for at in range(len(content)) if content[at : at + 4] == b"PK\x01\x02"]
    content[places[-1] + 42 : places[-1] + 46] = content[places[0] + 42 : places[0] + 46]
    refused(written(tmp_path / "a.xlsx", bytes(content)), "damaged")


def test_a_part_that_is_larger_than_its_directory_says_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", parts(sheet(ROW * 1 + "<!-- -->" * 100_000)))
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        for at in range(len(content)):
            if content[at : at + 4] == mark and struct.unpack_from("<I", content, at + offset)[0] > 500_000:
                struct.pack_into("<I", content, at + offset, 900)
    refused(written(path, bytes(content)), "damaged")


def test_a_password_is_told(tmp_path: Path) -> None:
    content = bytearray(sound(tmp_path))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.index(mark) + offset] |= 1
    refused(written(tmp_path / "a.xlsx", bytes(content)), "password")
    refused(written(tmp_path / "a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "save it as .xlsx")


def test_other_packings_and_names_given_twice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", "x")
    refused(path, "damaged")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("xl/workbook.xml", "y")
    refused(path, "damaged")


def test_half_a_workbook_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    content = sound(tmp_path)
    for end in range(4, len(content), 97):
        with pytest.raises(BadInput):
            read(written(tmp_path / "a.xlsx", content[:end]))


def test_a_workbook_with_any_byte_wrong_is_read_or_refused(tmp_path: Path) -> None:
    content = sound(tmp_path)
    chance = random.Random(7)  # noqa: S311 - the same every time
    for _time in range(300):
        wrong = bytearray(content)
        for _byte in range(chance.randint(1, 4)):
            wrong[chance.randrange(len(wrong))] = chance.randrange(256)
        try:
            read(written(tmp_path / "a.xlsx", bytes(wrong)))
        except BadInput:
            continue


DECLARED = {
    "laughs": '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    "outside": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "bare": "<!DOCTYPE worksheet>",
}


@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED)
@pytest.mark.parametrize("part", parts("x", shared="x", styles="x"))
def test_no_part_may_declare_anything(tmp_path: Path, part: str, declared: str) -> None:
    found = parts(sheet(f'<row r="2">{cell("A2", "0", "s")}</row>'), shared="<si><t>x</t></si>", styles="<cellXfs/>")
    assert read(packed(tmp_path / "a.xlsx", found))[0].values == {"a": "x", "b": None}
    refused(packed(tmp_path / "a.xlsx", found | {part: declared + found[part]}), "damaged")


@pytest.mark.parametrize(
    "rows",
    [
        "<row r='2'>",
        "<row r='2'><c r='A2' t='s'><v>5</v></c></row>",
        "<row r='2'><c r='A2' t='s'><v>x</v></c></row>",
        "<row r='2'><c r='A2' t='s'><v>-1</v></c></row>",
        "<row r='x'><c r='A2'><v>5</v></c></row>",
        "<row r='2'><c r='A2'><v>1</v></c></row><row r='2'><c r='A2'><v>5</v></c></row>",
        "<row r='2'><c r='2A'><v>5</v></c></row>",
        "<row r='2'><c r='A2'><v>5</v></c><c r='A2'><v>6</v></c></row>",
        "<row r='2'><c r='A2'><v>&unknown;</v></c></row>",
        "<a>" * 200 + "</a>" * 200,
        "".join(f"<n{number}/>" for number in range(6_000)),
        "<row r='2' x='" + "x" * (2 * MEGABYTE) + "'/>",
    ],
)
def test_a_sheet_that_no_spreadsheet_writes_is_refused(tmp_path: Path, rows: str) -> None:
    refused(packed(tmp_path / "a.xlsx", parts(sheet(rows))), "damaged", Bounds(ratio=10_000))


def test_other_encodings_of_xml_are_read_or_refused(tmp_path: Path) -> None:
    for encoding, fits in (("utf-16", True), ("gb18030", False), ("utf-7", False), ("nonsense", False)):
        path = tmp_path / "a.xlsx"
        found = parts(sheet(ROW))
        with zipfile.ZipFile(packed(path, {n: t for n, t in found.items() if "sheet1" not in n}), "a") as archive:
            text = f"<?xml version='1.0' encoding='{encoding}'?>" + found["xl/worksheets/sheet1.xml"]
            archive.writestr("xl/worksheets/sheet1.xml", text.encode(encoding if fits else "ascii"))
        if fits:
            assert len(read(path)) == 1
        else:
            refused(path, "damaged")


def test_what_a_sheet_says_of_its_size_is_not_believed(tmp_path: Path) -> None:
    claimed = sheet(ROW, before='<dimension ref="A1:XFD1048576"/>')
    assert len(read(packed(tmp_path / "a.xlsx", parts(claimed)))) == 1


def test_too_many_columns_and_rows_are_refused_with_the_bound(tmp_path: Path) -> None:
    wide = "".join(f'<c t="str"><v>c{n}</v></c>' for n in range(250_000))
    table = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{wide}</row></sheetData></worksheet>'
    refused(packed(tmp_path / "a.xlsx", parts(table)), "more than 200 columns")
    far = HEADER.replace("B1", "XFD1")
    table = f'<worksheet xmlns="{MAIN}"><sheetData>{far}</sheetData></worksheet>'
    refused(packed(tmp_path / "a.xlsx", parts(table)), "more than 200 columns")
    long = "".join(f'<row r="{n}">{cell(f"A{n}", "1")}</row>' for n in range(2, 103))
    refused(packed(tmp_path / "a.xlsx", parts(sheet(long))), "more than 100 rows", SMALL)


def test_the_parts_that_a_layout_named_may_be_gone_later(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", parts(sheet(ROW), sheet(ROW)))
    layout = detect(path, "a.xlsx", sheet="Two")
    packed(path, parts(sheet(ROW)))
    with pytest.raises(BadInput, match="no such sheet"):
        list(rows(path, layout))


@pytest.mark.parametrize(
    "beginning", [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"\x1f\x8b\x08", b"GIF89a", b"\xff\xd8\xff\xe0", b"{\\rtf1 a}"]
)
def test_other_files_are_no_tables(tmp_path: Path, beginning: bytes) -> None:
    refused(written(tmp_path / "a.xlsx", beginning + b"a,b\n1,2\n"), "no table")
