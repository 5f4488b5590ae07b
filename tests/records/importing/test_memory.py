"""Memory does not grow with a file, whatever it holds: measured in a process of its own, the parts in C included."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path

from backoffice.config import ROOT
from tests.records.importing.workbooks import HEADER, MAIN, parts, sheet

MEGABYTE = 1024 * 1024
# Beyond what the imports take: some cells and lines at their bound, in the several shapes they go through.
MOST = 30 * MEGABYTE
READ = """
import json, resource, sys
from pathlib import Path
from backoffice.errors import BadInput
from backoffice.records.importing import Bounds, detect, rows
def peak():
    # Where there is one, the process's own mark: the other begins at what its parent had.
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
before = peak()
for name in sys.argv[2:]:
    path, bounds = Path(name), Bounds(ratio=int(sys.argv[1]))
    count, problems, refusal = 0, 0, ""
    try:
        for row in rows(path, detect(path, path.name, bounds), bounds):
            count += 1
            problems += row.problem is not None
    except BadInput as error:
        refusal = error.message
    print(json.dumps([path.name, peak() - before, count, problems, refusal]))
"""
FIRST = f'<worksheet xmlns="{MAIN}"><sheetData>{HEADER}'
LAST = "</sheetData></worksheet>"
SHEET, SHARED = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def read(*paths: Path, ratio: int = 100_000) -> list[tuple[int, int, str]]:
    """Of each file how many rows it has, how many of them are wrong, and why all of it is refused."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(ratio), *map(str, paths)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    peaks = {name: f"{grown // MEGABYTE} MB" for name, grown, *_rest in found}
    assert all(grown < MOST for _name, grown, *_rest in found), peaks
    return [(count, problems, refusal) for _name, _grown, count, problems, refusal in found]


def text(path: Path, *pieces: str | Iterable[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        for piece in pieces:
            file.writelines([piece] if isinstance(piece, str) else piece)
    return path


def workbook(path: Path, *pieces: str | Iterable[str], part: str = SHEET) -> Path:
    """A workbook with a sheet, or another part, of these pieces."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts(sheet(""), shared="<si><t>a</t></si>").items():
            if name != part:
                archive.writestr(name, content)
        with archive.open(part, "w") as file:
            for piece in pieces:
                for each in [piece] if isinstance(piece, str) else piece:
                    file.write(each.encode())
    return path


def test_a_workbook_of_200_megabytes_from_one_is_read_in_little_memory(tmp_path: Path) -> None:
    rows = (
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{"x" * 10_000}</t></is></c></row>'
        for number in range(2, 20_002)
    )
    path = workbook(tmp_path / "a.xlsx", FIRST, rows, LAST)
    assert path.stat().st_size < 2 * MEGABYTE
    assert read(path) == [(20_000, 0, "")]
    [(count, _problems, refusal)] = read(path, ratio=100)
    assert (count, "at most 100 times its size" in refusal) == (0, True)


def test_no_workbook_takes_memory(tmp_path: Path) -> None:
    texts = (f"<si><t>{number}{'y' * 1_000}</t></si>" for number in range(70_000))
    shared = workbook(tmp_path / "shared.xlsx", f'<sst xmlns="{MAIN}">', texts, "</sst>", part=SHARED)
    far = "<row r='2'><c r='XFD2'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"
    large = list(repeat("x" * MEGABYTE, 70))
    shapes: dict[str, tuple[str | Iterable[str], ...]] = {
        "cell": ("<row><c t='str'><v>", large, "</v></c></row>"),
        "attribute": ("<row r='2' x='", large, "'/>"),
        "comment": ("<!--", large, "-->"),
        "depth": (repeat("<x>" * 10_000, 100),),
        "rows": (repeat("<row/>" * 10_000, 40),),
        "cells": ("<row>", repeat("<c><v>1</v></c>" * 10_000, 20), "</row>"),
        "row": ("<row>", repeat(f"<c t='str'><v>{'x' * 900_000}</v></c>", 70), "</row>"),
        "far": (far,),
    }
    found = read(
        shared, *(workbook(tmp_path / f"{name}.xlsx", FIRST, *pieces, LAST) for name, pieces in shapes.items())
    )
    told = dict(zip(["shared", *shapes], found, strict=True))
    assert {name for name, (_count, _problems, refusal) in told.items() if "damaged" in refusal} == {
        "attribute", "comment", "depth",
    }  # fmt: skip
    assert {name: (count, problems) for name, (count, problems, _refusal) in told.items() if count} == {
        "cell": (1, 1), "cells": (1, 1), "row": (1, 1), "far": (2, 2),
    }  # fmt: skip


def test_no_text_takes_memory(tmp_path: Path) -> None:
    large = list(repeat("x" * MEGABYTE, 70))
    found = read(
        text(tmp_path / "line.csv", repeat("x" * MEGABYTE, 100)),
        text(tmp_path / "header.csv", repeat("x," * MEGABYTE, 35)),
        text(tmp_path / "list.json", repeat("[" * MEGABYTE, 70)),
        text(tmp_path / "cell.csv", "a,b\n1,", large, "\n3,4\n"),
        text(tmp_path / "cells.csv", "a,b\n1,2\n", repeat("x," * MEGABYTE, 35)),
        text(tmp_path / "quote.csv", 'a,b\n1,2\n3,"', repeat("x,y\n" * MEGABYTE, 18)),
        text(tmp_path / "blank.csv", "a,b\n", repeat("\n" * MEGABYTE, 70), "1,2"),
        text(tmp_path / "value.jsonl", '{"a": 1}\n{"a": "', large, '"}\n'),
        text(tmp_path / "deep.jsonl", '{"a": 1}\n{"a": ', repeat("[" * MEGABYTE, 70)),
    )
    words = ("first row cannot be read", "more than 200 columns", "one list of JSON")
    assert [expected in told[2] for expected, told in zip(words, found[:3], strict=True)] == [True] * 3
    assert found[3:] == [(2, 1, ""), (2, 1, ""), (2, 1, ""), (1, 0, ""), (2, 1, ""), (2, 1, "")]
