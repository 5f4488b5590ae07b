"""What a browser has to fetch: little, and once."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import NOON, make_article, make_user

pytestmark = pytest.mark.sqlite_only

MOST_FILES, MOST_PAGE = 120_000, 40_000
FOR_GOOD = "public, max-age=31536000, immutable"


def fetched(client: FlaskClient, address: str) -> tuple[str, bytes]:
    """How long a browser may keep a file, and the file."""
    with client.get(address) as answer:
        assert answer.status_code == 200, address
        return answer.headers["Cache-Control"], answer.data


def files_of(client: FlaskClient, page: str) -> set[str]:
    """The addresses of every sheet and script of a page, what sheets import and every behaviour included."""
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', page)
    place = re.search(r'<meta name="behaviours" content="([^"]+)"', page)
    assert place
    folder = Path(client.application.static_folder or "") / "js" / "controllers"
    behaviours = [place[1].replace("?", f"{file.name}?") for file in folder.iterdir()]
    imported = [
        urljoin(sheet, address)
        for sheet in sheets
        for address in re.findall(r'@import url\("([^"]+)"\)', fetched(client, sheet)[1].decode())
    ]
    return {*sheets, *scripts, *behaviours, *imported}


def test_all_scripts_and_styles_together_are_small_and_kept_for_good(admin: FlaskClient) -> None:
    sizes = {}
    for address in files_of(admin, admin.get("/admin/article/").text):
        kept, content = fetched(admin, address)
        assert kept == FOR_GOOD, address
        sizes[address] = len(gzip.compress(content))
    assert any("main.js" in address for address in sizes)
    assert any("bootstrap" in address for address in sizes)
    assert sum(sizes.values()) <= MOST_FILES, sorted(sizes.items(), key=lambda pair: -pair[1])[:5]


@pytest.mark.parametrize(
    "path", ["/admin/article/", "/admin/user/", "/admin/collection/", "/admin/article/?sort=title"]
)
def test_a_list_of_25_rows_is_small(admin: FlaskClient, session: Session, path: str) -> None:
    for number in range(30):
        name = f"user_{number}_of_the_platform"
        user = make_user(session, username=name, name="李雷 Li Lei", address="上海市静安区南京西路 1266 号 5 层")
        article = make_article(
            session, title=f"番茄育苗笔记：第 {number} 年，和 what we learnt", user=user, published_at=NOON
        )
        user.collection_articles.append(article)
    session.commit()
    page = admin.get(path)
    assert page.text.count("<tr data-pk=") == 25
    assert len(page.data) <= MOST_PAGE


@pytest.fixture
def edited(make_app: Callable[..., Flask], tmp_path: Path) -> Flask:
    """An application of somebody who edits its files, a copy of them."""
    app = make_app(environment="development")
    shutil.copytree(app.static_folder or "", tmp_path / "static")
    app.static_folder = str(tmp_path / "static")
    return app


def stamp(app: Flask, pattern: str) -> str:
    """What an address on a page is stamped with now."""
    found = re.search(pattern + r"\?v=(\w+)", app.test_client().get("/sign-in").get_data(as_text=True))
    assert found
    return found[1]


def test_a_file_that_is_edited_gets_another_address_at_once_in_development(edited: Flask) -> None:
    sheet, address = Path(edited.static_folder or "") / "css" / "tokens.css", r"css/tokens\.css"
    first = stamp(edited, address)
    assert stamp(edited, address) == first
    sheet.write_text(sheet.read_text(encoding="utf-8") + "/* more */", encoding="utf-8")
    assert stamp(edited, address) not in (first, "0")
    sheet.unlink()
    assert stamp(edited, address) == "0"


@pytest.mark.parametrize("name", ["builder.js", "words.js", "new.js"])
def test_whatever_behaviour_is_edited_or_added_all_get_another_address(edited: Flask, name: str) -> None:
    first = stamp(edited, "js/controllers/")
    with (Path(edited.static_folder or "") / "js" / "controllers" / name).open("a", encoding="utf-8") as script:
        script.write("// more")
    assert stamp(edited, "js/controllers/") not in (first, "0")
