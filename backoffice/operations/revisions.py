"""The line of revisions, read from their files without running them: to know its schema needs no Alembic."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from backoffice.errors import ConfigurationError
from backoffice.operations.migrate import MIGRATIONS

VERSIONS = MIGRATIONS / "versions"
# What a revision says it is: something more that nobody misses yet, rows, or something less that nobody uses any more.
EXPAND, DATA, CONTRACT = "expand", "data", "contract"
PHASES = (EXPAND, DATA, CONTRACT)
READ = ("revision", "down_revision", "phase", "needs", "after_backfill")


@dataclass(frozen=True)
class Revision:
    """One file of migrations/versions; `parent` is "" for the first.

    A contract takes away what no process may use any more that knows revision `needs`, its parent unless it names
    another one; and where it says `after_backfill`, what that has filled.
    """

    number: str
    parent: str
    phase: str
    title: str
    file: str
    needs: str = ""
    after_backfill: str = ""


@dataclass(frozen=True)
class Line:
    """All revisions by number, in their order."""

    revisions: dict[str, Revision]

    @property
    def head(self) -> str:
        """The newest revision; "" where there is none."""
        return next(reversed(self.revisions), "")

    def after(self, number: str) -> list[Revision]:
        """What comes after a revision, or after nothing at all."""
        found = list(self.revisions.values())
        if not number:
            return found
        place = list(self.revisions).index(number)
        return found[place + 1 :]

    def until(self, number: str) -> list[Revision]:
        """What came until a revision, with it; nothing where it is unknown."""
        found = list(self.revisions.values())
        return found[: list(self.revisions).index(number) + 1] if number in self.revisions else []


@lru_cache(maxsize=8)
def line(folder: Path = VERSIONS) -> Line:
    """The revisions of a folder, first to last; ConfigurationError where they fork or one is missing."""
    by_parent: dict[str, Revision] = {}
    for path in sorted(folder.glob("*.py")):
        found = _read(path)
        if found.parent in by_parent:
            other = by_parent[found.parent].file
            raise ConfigurationError(f"{found.file} and {other} both follow {found.parent or 'nothing'}: renumber one.")
        by_parent[found.parent] = found
    ordered: dict[str, Revision] = {}
    number = ""
    while number in by_parent:
        following = by_parent.pop(number)
        ordered[following.number] = following
        number = following.number
    if by_parent:
        parent, stray = next(iter(by_parent.items()))
        raise ConfigurationError(f"{stray.file} follows {parent}, which is not in migrations/versions.")
    for each in ordered.values():
        if each.needs and each.needs not in ordered:
            raise ConfigurationError(f"{each.file} needs {each.needs}, which is not in migrations/versions.")
    return Line(ordered)


def _read(path: Path) -> Revision:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in READ and isinstance(statement.value, ast.Constant):
                said[name] = statement.value.value
    phase = said.get("phase", EXPAND)
    if "revision" not in said or phase not in PHASES:
        raise ConfigurationError(f"{path.name} needs a `revision`, and as `phase` one of: {', '.join(PHASES)}.")
    title = (ast.get_docstring(tree) or "").split("\n", 1)[0]
    parent = said.get("down_revision") or ""
    return Revision(
        said["revision"], parent, phase, title, path.name,
        needs=said.get("needs") or parent, after_backfill=said.get("after_backfill") or "",
    )  # fmt: skip
