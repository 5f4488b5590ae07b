"""Reading workbooks as a spreadsheet would: by the names the zip's directory gives, cells by their own addresses."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
ESCAPED = re.compile("_x([0-9A-F]{4})_")


def sheets(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """Each sheet's rows by its name; a row has its cells by their letters, texts as str, numbers as written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        book = _tree(archive, "xl/workbook.xml")
        relations = {each.get("Id"): each.get("Target") for each in _tree(archive, "xl/_rels/workbook.xml.rels")}
        named = {sheet.get("name"): relations[sheet.get(f"{OFFICE}id")] for sheet in book.iter(f"{MAIN}sheet")}
        return {str(name): _rows(_tree(archive, f"xl/{target}")) for name, target in named.items()}


def _tree(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(name))  # noqa: S314 - made by the product a moment ago


def _rows(sheet: ElementTree.Element) -> list[dict[str, Any]]:
    rows = []
    for number, row in enumerate(sheet.iter(f"{MAIN}row"), 1):
        assert row.get("r") == str(number)
        cells = {str(cell.get("r")).removesuffix(str(number)): _value(cell) for cell in row}
        rows.append(cells)
    return rows


def _value(cell: ElementTree.Element) -> Any:
    if cell.get("t") == "inlineStr":
        text = cell.findtext(f"{MAIN}is/{MAIN}t") or ""
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    written = str(cell.findtext(f"{MAIN}v"))
    if cell.get("t") == "b":
        return written == "1"
    return Number(written, is_day=cell.get("s") == "1")


class Number:
    """A number as it is written, and whether it is shown as a day."""

    def __init__(self, written: str, *, is_day: bool) -> None:
        self.written = written
        self.is_day = is_day

    def __repr__(self) -> str:
        return f"Number({self.written!r}, is_day={self.is_day})"
