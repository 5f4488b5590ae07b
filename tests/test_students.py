"""docs/extending.md, to the letter: a newcomer's model, from the file to the filters, on every database."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from alembic.script import ScriptDirectory

from backoffice.operations.lint.findings import lint, told
from tests.databases import Databases
from tests.documents import ROOT, Reader, blocks, copy_repository

DOCUMENT = ROOT / "docs" / "extending.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
MARKS = {
    "Mark": (100, 68, 60),
    "Alan": (15, 67, 65),
    "Christ": (0, 70, 70),
    "Quqi": (100, 100, 100),
}
# Speaks to the copy's application in a process of its own: this one has long imported the original.
CONVERSATION = """
import json, re, sys
from backoffice import create_app
from backoffice.access import accounts
app = create_app()
app.config["WTF_CSRF_ENABLED"] = False
browsers, answers = {}, []
for role, method, path, data in json.load(sys.stdin):
    if role not in browsers:
        browsers[role] = app.test_client()
        with app.app_context():
            if accounts.find(role + "@example.com") is None:
                accounts.create(role + "@example.com", role, "correct horse battery staple")
        who = {"email": role + "@example.com", "password": "correct horse battery staple"}
        browsers[role].post("/sign-in", data=who)
    answer = browsers[role].open(path, method=method, data=data)
    answers.append({"status": answer.status_code, "page": answer.get_data(as_text=True), "to": answer.location})
print(json.dumps(answers))
"""


class Newcomer(Reader):
    """A reader who also looks at the pages."""

    def ask(self, *requests: tuple[str, str, str, dict[str, str] | None]) -> list[dict[str, Any]]:
        """The answers to requests (role of whoever asks, method, path, form), one after the other."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", CONVERSATION], input=json.dumps(requests),
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers

    def listed(self, *questions: Any) -> list[set[str]]:
        """The names on the lists that the filters give."""
        lists = [f"/admin/student/?{urlencode({'where': json.dumps(where)})}" for where in questions]
        answers = self.ask(*(("admin", "GET", path, None) for path in lists))
        assert {answer["status"] for answer in answers} == {200}, answers
        return [names(answer["page"]) for answer in answers]


def names(page: str) -> set[str]:
    """The students in a list's rows."""
    rows = re.findall(r"<tr[^>]*\sdata-pk=.*?</tr>", page, re.S)
    return {name for row in rows for name in MARKS if name in row}


def section(title: str) -> int:
    """Where a section of the document begins."""
    return TEXT.index(f"\n## {title}\n")


@pytest.fixture
def newcomer(backend: str, databases: Databases, tmp_path: Path) -> Iterator[Newcomer]:
    """Somebody with a fresh copy and an empty, migrated database."""
    folder = copy_repository(tmp_path / "copy")
    reader = Newcomer(folder, DATABASE_URL=databases.create(backend))
    reader.run("flask db upgrade")
    return reader


def test_students_are_added_by_following_the_document(newcomer: Newcomer):
    newcomer.follow(DOCUMENT, end=section("Further"))

    check_rows(newcomer)
    check_generated_revision(newcomer.folder)
    newcomer.run("ruff check migrations && ruff format --check migrations")
    check_filters(newcomer)
    check_roles(newcomer)

    newcomer.follow(DOCUMENT, start=section("Further"), end=section("Taking it away again"))
    check_further(newcomer)

    newcomer.follow(DOCUMENT, start=section("Taking it away again"))
    assert "student" not in newcomer.run("flask db current")


def check_rows(newcomer: Newcomer) -> None:
    """The four students and their marks are on the list, and in the export as the document's table has them."""
    page, export = newcomer.ask(
        ("admin", "GET", "/admin/student/", None), ("admin", "GET", "/admin/student/export/csv/?sort=name", None)
    )
    assert (page["status"], names(page["page"])) == (200, set(MARKS))
    assert export["page"].splitlines()[1:] == [",".join(map(str, (n, *MARKS[n]))) for n in sorted(MARKS)]
    for name, marks in MARKS.items():
        assert f"| {name} | {' | '.join(map(str, marks))} |" in TEXT


def check_generated_revision(folder: Path) -> None:
    """The revision holds the lines that the document says to look for."""
    [file] = (folder / "migrations" / "versions").glob("*_create_student.py")
    revision = re.sub(r"\s+", "", file.read_text(encoding="utf-8")).replace("'", '"')
    [shown] = [block for block in blocks(DOCUMENT) if block.kind == "text" and "create_index" in block.body]
    for line in shown.body.splitlines():
        assert re.sub(r"\s+", "", line) in revision, line
    script = ScriptDirectory(str(folder / "migrations")).get_revision(file.name[:4])
    assert script is not None
    assert [told(finding) for finding in lint(script)] == [], "what the document leads to needs no mending"


def check_filters(newcomer: Newcomer) -> None:
    """Every row of the document's table of filters gives the students it names."""
    rows = re.findall(r"^\| ([^|]+) \| `([\[{][^`]+)` \| ([\w, ]+) \|$", TEXT, re.M)
    asked = {title.split()[0] for title, _where, _answer in rows}
    assert asked >= {"LIKE", "IN", "NOT", "AND", "OR"}
    questions = [json.loads(where) for _title, where, _answer in rows]
    groups = [question if isinstance(question, dict) else {"all": question} for question in questions]
    for (title, where, answer), found in zip(rows, newcomer.listed(*groups), strict=True):
        assert found == set(answer.split(", ")), f"{title}: {where}"


def check_roles(newcomer: Newcomer) -> None:
    """A viewer may read, for that was granted, and nothing else; an editor sees nothing."""
    answers = newcomer.ask(
        ("viewer", "GET", "/admin/student/", None),
        ("viewer", "GET", "/admin/student/new/", None),
        ("editor", "GET", "/admin/student/", None),
    )
    assert [answer["status"] for answer in answers] == [200, 403, 403]


def check_further(newcomer: Newcomer) -> None:
    """Each of the further declarations does what the document says of it."""
    form = {"name": "  Zoë   Q ", "math": "100", "chinese": "70", "english": "a"}
    made, outside, bad, blank, shown, export, best, forgiven, after, refused, hidden = newcomer.ask(
        ("admin", "POST", "/admin/student/new/", form),
        ("admin", "POST", "/admin/student/new/", {**form, "name": "x-Eve"}),
        ("admin", "POST", "/admin/student/new/", {**form, "name": "Yan", "math": "101"}),
        ("admin", "POST", "/admin/student/new/", {**form, "name": "  "}),
        ("admin", "GET", "/admin/student/", None),
        ("admin", "GET", "/admin/student/export/csv/", None),
        ("admin", "GET", "/admin/student/best/", None),
        ("admin", "POST", "/admin/student/action/", {"action": "forgive", "rowid": "2", "confirmed": "yes"}),
        ("admin", "GET", "/admin/student/export/csv/", None),
        # Somebody else, who may read.
        ("viewer", "POST", "/admin/student/action/", {"action": "forgive", "rowid": "3", "confirmed": "yes"}),
        ("viewer", "GET", "/admin/student/best/", None),
    )
    assert (made["status"], outside["status"]) == (302, 302), "both are saved"
    assert (bad["status"], blank["status"]) == (422, 422), "marks end at 100; a name is more than blanks"
    assert "Zoë Q,100,70,95" in export["page"].splitlines(), "blanks are tidied and the letter is a mark"
    assert "x-Eve" not in shown["page"] + export["page"], "what is out of scope is not there"
    assert "Mathematics" in shown["page"]
    assert shown["page"].count("<strong>passed</strong>") == 3  # Mark, Quqi and Zoë
    assert best["to"].startswith("/admin/student/details/?id=1"), "Mark comes first of those with 100"
    assert forgiven["status"] == 302
    assert "Alan,15,67,65" in export["page"].splitlines()
    assert "Alan,60,67,65" in after["page"].splitlines()
    assert refused["status"] == 403, "an action is a permission of its own"
    assert hidden["status"] == 403, "so is a page"
