"""The documents keep their word: commands run, links lead somewhere, tables say what the code says."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from backoffice.database.operators import OPERATORS
from tests.conftest import REQUIRE_ALL
from tests.databases import LABELS, SERVERS, server, why_absent
from tests.documents import ROOT, Reader, blocks, commands, copy_repository, linked_environment

README = ROOT / "README.md"
DOCS = ROOT / "docs"
OPERATIONS = DOCS / "operations.md"
DOCUMENTS = (README, *sorted(DOCS.glob("*.md")))
MADE_BY_THE_READER = {block.path for block in blocks(DOCS / "extending.md") if block.path}
# All parts of it are run by test_bench.
IN_LITTLE = {"BENCH_ONLY=jobs": "BENCH_ONLY=jobs-some", "BENCH_ROUNDS=7": "BENCH_ROUNDS=1"}
# Installing takes the network and a folder of its own: see the test of each.
INSTALLING = re.compile(r"^(python3 -m venv|\.venv/|uv |poetry )")


# -- commands: those within a sentence in test_commands_named ----------------------------------------------------------


@pytest.mark.parametrize(
    "document", [README, DOCS / "configuration.md", OPERATIONS, DOCS / "performance.md"], ids=lambda path: path.stem
)
def test_every_command_runs(document: Path, tmp_path: Path):
    venv = str(linked_environment(tmp_path / "venv"))
    # The benchmark on a few rows, which takes seconds instead of minutes.
    small = {"BENCH_DATABASE": "sqlite", "BENCH_ARTICLES": "200", "BENCH_ROUNDS": "1", "BENCH_ONLY": "newest"}
    reader = Reader(copy_repository(tmp_path / "copy"), VENV=venv, PYTEST_ARGS="--collect-only -q", **small)
    for command in commands(document):
        if not INSTALLING.match(command):
            reader.run(re.sub(r"BENCH_(ONLY|ROUNDS)=\S+", lambda asked: IN_LITTLE.get(asked[0], asked[0]), command))


@pytest.mark.parametrize("way", ["pip", "uv", "Poetry"])
def test_each_way_of_installing_serves(way: str, tmp_path: Path):
    if not REQUIRE_ALL:
        pytest.skip("installing takes packages from the network: set REQUIRE_ALL=1")
    reader = Reader(
        copy_repository(tmp_path / "copy"),
        PATH=path_with(way.lower(), tmp_path),
        POETRY_VIRTUALENVS_IN_PROJECT="true",
        # Starts without demo data, which `make run` in the README has loaded.
        BACKOFFICE_ENV="staging",
        SECRET_KEY="a secret for tests only",
        SECURITY_PASSWORD_SALT="a salt for tests only",
    )
    if way == "Poetry":
        # It asks its registry in a way that mirrors do not answer; at pip's address they do.
        pip = importlib.import_module("pip._internal.models.index")
        reader.run(f"poetry source add --priority=primary mirror {pip.PyPI.simple_url}/")
    for command in commands_below(OPERATIONS, f"### With {way}"):
        reader.run(command)


def test_no_command_is_left_out():
    told = [command for document in DOCUMENTS for command in commands(document)]
    assert told, "the documents hold commands"
    installing = [command for command in told if INSTALLING.match(command)]
    ways = [c for way in ("pip", "uv", "Poetry") for c in commands_below(OPERATIONS, f"### With {way}")]
    assert sorted(installing) == sorted(ways), "what installs is run by its own test"
    others = {document.name for document in DOCUMENTS if commands(document)}
    assert others == {"README.md", "configuration.md", "operations.md", "performance.md", "extending.md"}, (
        "extending: see test_students"
    )


def commands_below(document: Path, heading: str) -> list[str]:
    """The commands between a heading and the next."""
    text = document.read_text(encoding="utf-8")
    start = text.index(f"\n{heading}\n")
    end = text.index("\n#", start + 1)
    found = [block for block in blocks(document) if block.kind == "sh" and start < block.position < end]
    return [line for block in found for line in block.body.splitlines()]


def path_with(tool: str, tmp_path: Path) -> str:
    """A PATH that has the tool, and not the environment of these tests."""
    own = str(Path(sys.executable).parent)
    usual = [folder for folder in os.environ["PATH"].split(os.pathsep) if folder != own]
    if tool != "pip" and shutil.which(tool, path=os.pathsep.join(usual)) is None:
        venv = tmp_path / "tool"
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "--quiet", tool], check=True)
        usual.append(str(venv / "bin"))
    return os.pathsep.join(usual)


# -- what the databases' accounts need ---------------------------------------------------------------------------------


@pytest.mark.parametrize("product", ["mysql", "postgresql"])
def test_the_accounts_have_the_rights_they_need_and_no_more(product: str, tmp_path: Path):
    if reason := why_absent(product):
        pytest.skip(f"{LABELS[product]}: {reason}")
    name = f"backoffice_test_{uuid4().hex[:8]}"
    folder = copy_repository(tmp_path / "copy")
    with accounts_of(product, name) as (deploying, serving):
        before = Reader(folder, DATABASE_URL=serving).fail("flask db upgrade")
        assert "lacks a right" in before
        assert "Traceback" not in before
        deployer, service = Reader(folder, DATABASE_URL=deploying), Reader(folder, DATABASE_URL=serving)
        deployer.run("flask db upgrade")
        deployer.run("flask demo load --users 5 --articles 5 --collections 5")
        service.run("flask staff create you@example.com --role admin")
        service.run("python run.py")
        assert "lacks a right" in service.fail("flask db downgrade base")
        deployer.run("flask db downgrade base")


@contextmanager
def accounts_of(backend: str, name: str) -> Iterator[tuple[str, str]]:
    """The addresses of the two accounts that docs/operations.md makes, under names of our own."""
    word = "IDENTIFIED BY" if backend == "mysql" else "LOGIN PASSWORD"
    [script] = [block.body for block in blocks(OPERATIONS) if block.kind == "sql" and word in block.body]
    statements = [s.strip() for s in re.sub(r"\bbackoffice(?=\b|_deploy)", name, script).split(";") if s.strip()]
    address = sa.make_url(SERVERS[backend]).set(database=name)
    try:
        for statement in statements:
            execute(backend, statement, name if "DEFAULT PRIVILEGES" in statement else None)
        yield (
            address.set(username=f"{name}_deploy", password="a password").render_as_string(hide_password=False),
            address.set(username=name, password="another password").render_as_string(hide_password=False),
        )
    finally:
        kind = "USER" if backend == "mysql" else "ROLE"
        execute(backend, f"DROP DATABASE IF EXISTS {name}")
        execute(backend, f"DROP {kind} IF EXISTS {name}")
        execute(backend, f"DROP {kind} IF EXISTS {name}_deploy")


def execute(backend: str, statement: str, database: str | None = None) -> None:
    """Run a statement on the server itself, or in one of its databases."""
    engine = server(backend)
    engine = engine if database is None else sa.create_engine(engine.url.set(database=database), poolclass=sa.NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement.replace("%", "%%"))


# -- tables and links --------------------------------------------------------------------------------------------------


def test_every_setting_is_documented_with_its_default():
    assert documented_settings() == settings_of_the_code()


def test_the_settings_of_the_tests_are_documented():
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").glob("*.py"))
    read = set(re.findall(r'environ\.get\(\s*"(\w+)"', text))
    assert set(rows_below("## For the tests")) == read


def documented_settings() -> dict[str, str | None]:
    """The variables of the table, each with its default where that is one plain word."""
    plain = re.compile(r"`([^`/]+)`")
    return {
        name: found[1] if (found := plain.fullmatch(default)) else None
        for name, default in rows_below("## Settings").items()
    }


def rows_below(heading: str) -> dict[str, str]:
    """The first two columns of the table of variables below a heading."""
    text = (DOCS / "configuration.md").read_text(encoding="utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.M))


def settings_of_the_code() -> dict[str, str | None]:
    """The variables that config.py reads, each with its default where that is a plain word."""
    tree = ast.parse((ROOT / "backoffice" / "config.py").read_text(encoding="utf-8"))
    found: dict[str, str | None] = {}
    for call in ast.walk(tree):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and ast.unparse(call.func.value) == "read"
        ):
            name, *rest = call.args
            assert isinstance(name, ast.Constant), ast.unparse(call)
            default = rest[1 if call.func.attr == "choice" else 0]
            value = default.value if isinstance(default, ast.Constant) else ""
            found[name.value] = ("yes" if value else "no") if isinstance(value, bool) else str(value) or None
    return found


def test_nothing_but_the_configuration_reads_the_environment():
    readers = [
        file.relative_to(ROOT).as_posix()
        for file in (*(ROOT / "backoffice").rglob("*.py"), *(ROOT / "migrations").rglob("*.py"), ROOT / "run.py")
        if re.search(r"\b(os\.environ|getenv)\b", file.read_text(encoding="utf-8"))
    ]
    assert readers == ["backoffice/config.py"]


def test_the_operators_of_every_kind_are_documented():
    rows = re.findall(r"^\| ([a-z][^|]*) \| ((?:`\w+` ?)+)\|$", read(DOCS / "filters.md"), re.M)
    documented = {
        kind: tuple(re.findall(r"`(\w+)`", operators))
        for kinds, operators in rows
        for kind in re.sub(r"\(.*\)", "", kinds).replace(" ", "").split(",")
    }
    assert documented == {kind.value: operators for kind, operators in OPERATORS.items()}


@pytest.mark.sqlite_only
def test_the_filters_shown_are_understood(sign_in: Callable[..., FlaskClient]):
    shown = [
        where
        for document in (README, DOCS / "architecture.md", DOCS / "filters.md")
        for where in re.findall(r"where=([\[{].*?[\]}])(?:&|`)", read(document))
    ]
    shown += [block.body for block in blocks(DOCS / "filters.md") if block.kind == "json"]
    assert len(shown) >= 4
    browser = sign_in("viewer")
    for where in shown:
        answer = browser.get("/admin/article/", query_string={"where": where})
        assert answer.status_code == 200, where


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_link_leads_to_a_file_and_a_heading(document: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", read(document), flags=re.S)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        assert file.is_file(), f"{document.name}: {target}"
        assert not anchor or anchor in anchors(file), f"{document.name}: {target}"


def anchors(document: Path) -> set[str]:
    """The headings of a document as links name them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", read(document), re.M)
    }


def test_pictures_are_small_enough_to_read_beside():
    pictures = sorted((DOCS / "screenshots").glob("*.png"))
    assert {picture.stem.split("-")[1] for picture in pictures} == {"light", "dark"}
    assert max(picture.stat().st_size for picture in pictures) < 200_000


def test_every_file_named_exists():
    missing = [
        f"{document.name}: {name}"
        for document in DOCUMENTS
        for name in re.findall(r"`((?:backoffice|migrations|templates|tests|docs|deploy)/[\w/.]*)`", read(document))
        if not (ROOT / name).exists() and name not in MADE_BY_THE_READER
    ]
    assert missing == []


def read(document: Path) -> str:
    """The text of a document."""
    return document.read_text(encoding="utf-8")
