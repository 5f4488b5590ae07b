"""Revisions made for a test, and runners that start at once and may be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.config import ROOT
from backoffice.database.address import normalise_database_url
from tests.databases import Databases

HEAD = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {parent!r}
branch_labels = None
depends_on = None
phase = "{phase}"

'''
# A first revision, whose rows the later ones of a test meet, and one that only adds.
PEOPLE = 'op.create_table("person", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))'
CITY = 'op.add_column("person", sa.Column("city", sa.String(50), nullable=True))'


class Runners:
    """Starts `flask db …` any number of times at once, and tells how each ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.operations.upgrading.forks"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def at_once(self, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each run is `url` and `arguments`, and where wanted `directory` and `kill`."""
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.write(json.dumps([{"folder": str(self.folder), **run} for run in runs]) + "\n")
        self.parent.stdin.flush()
        answer: list[dict[str, Any]] = json.loads(self.parent.stdout.readline())
        return answer

    def run(self, url: str, *arguments: str, **more: Any) -> tuple[int, str]:
        """One of them; its exit code and what it said."""
        [ended] = self.at_once([{"url": url, "arguments": list(arguments), **more}])
        return ended["code"], ended["output"]

    def end(self) -> None:
        """End the process they are forked from."""
        assert self.parent.stdin is not None
        self.parent.stdin.close()
        assert self.parent.wait(30) == 0
        if self.parent.stdout is not None:
            self.parent.stdout.close()


@pytest.fixture(scope="session")
def runners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runners]:
    """Runs commands in processes of their own."""
    made = Runners(tmp_path_factory.mktemp("runners"))
    yield made
    made.end()


@pytest.fixture
def url(backend: str, databases: Databases) -> str:
    """The address of an empty database."""
    return databases.create(backend)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """A way in beside the product."""
    made = sa.create_engine(normalise_database_url(url), poolclass=sa.NullPool)
    yield made
    made.dispose()


@pytest.fixture
def revisions(tmp_path: Path) -> Callable[..., str]:
    """`revisions("body of upgrade", …)` writes numbered revisions, and gives the directory they stand in."""

    def write(*bodies: str, phases: tuple[str, ...] = (), downs: tuple[str, ...] = ()) -> str:
        folder = tmp_path / "migrations"
        (folder / "versions").mkdir(parents=True, exist_ok=True)
        for name in ("env.py", "alembic.ini", "script.py.mako"):
            (folder / name).write_text((ROOT / "migrations" / name).read_text(encoding="utf-8"), encoding="utf-8")
        for place, body in enumerate(bodies):
            head = HEAD.format(
                title=f"Step {place + 1}", number=f"{place + 1:04d}", parent=f"{place:04d}" if place else None,
                phase=phases[place] if place < len(phases) else "expand",
            )  # fmt: skip
            down = downs[place] if place < len(downs) else "pass"
            text = f"{head}\ndef upgrade():\n{_indented(body)}\n\ndef downgrade():\n{_indented(down)}\n"
            (folder / "versions" / f"{place + 1:04d}_step.py").write_text(text, encoding="utf-8")
        return str(folder)

    return write


@pytest.fixture
def at_first(url: str, runners: Runners, revisions: Callable[..., str], engine: sa.Engine) -> str:
    """A database after the first revision, with three people in it."""
    assert runners.run(url, "upgrade", directory=revisions(PEOPLE))[0] == 0
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO person (id, name) VALUES (1, 'a'), (2, 'b'), (3, NULL)"))
    return url


def _indented(body: str) -> str:
    return "\n".join(f"    {line}" for line in body.strip().splitlines())
