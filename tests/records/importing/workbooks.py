"""Workbooks made by hand, part by part: sound ones, and ones that no spreadsheet would write."""

from __future__ import annotations

import zipfile
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="str"><v>b</v></c></row>'


def sheet(rows: str, before: str = "", after: str = "") -> str:
    """The XML of a sheet with these rows below the header `a`, `b`."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{HEADER}{rows}</sheetData>{after}</worksheet>'


def parts(*sheets: str, shared: str = "", styles: str = "", names: str = "", properties: str = "") -> dict[str, str]:
    """The parts of a workbook with these sheets, named One, Two …; those in `names` (1, 2 …) are hidden."""
    words = ("One", "Two", "Three", "Four")
    states = ["hidden" if str(n + 1) in names else "visible" for n in range(len(sheets))]
    listed = "".join(
        f'<sheet name="{words[n]}" sheetId="{n + 1}" r:id="rId{n + 1}" state="{state}"/>'
        for n, state in enumerate(states)
    )
    related = "".join(
        f'<Relationship Id="rId{n + 1}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n + 1}.xml"/>'
        for n in range(len(sheets))
    )
    related += f'<Relationship Id="rIdS" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    related += f'<Relationship Id="rIdT" Type="{OFFICE}/styles" Target="styles.xml"/>'
    found = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>',
    }
    found |= {f"xl/worksheets/sheet{n + 1}.xml": text for n, text in enumerate(sheets)}
    if shared:
        found["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    if styles:
        found["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    return found


def packed(path: Path, found: dict[str, str]) -> Path:
    """The parts as a zip at `path`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in found.items():
            archive.writestr(name, text)
    return path


def cell(place: str, value: str, kind: str = "n", style: int = 0) -> str:
    """A cell with a value."""
    return f'<c r="{place}" t="{kind}" s="{style}"><v>{value}</v></c>'
