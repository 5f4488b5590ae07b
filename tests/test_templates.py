"""Templates and their files keep to the rules that a strict Content-Security-Policy and old caches impose."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from backoffice.config import ROOT
from backoffice.icons import icon_svg

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "backoffice" / "static"
CONTROLLERS = {path.stem for path in (STATIC / "js" / "controllers").glob("*.js")}
ASSETS = (ROOT / "templates" / "assets.html").read_text(encoding="utf-8")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_no_template_holds_script_style_or_handlers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_behaviour_asked_for_exists(path: Path) -> None:
    asked = re.findall(r'data-controller="([^"]*)"', path.read_text(encoding="utf-8"))
    names = {name for value in asked for name in re.sub(r"{%.*?%}", " ", value).split()}
    assert names <= CONTROLLERS


def test_every_style_sheet_is_linked_once() -> None:
    listed = re.search(r"{% for sheet in \(([^)]*)\) ", ASSETS)
    assert listed
    assert sorted(re.findall(r"'([\w-]+)'", listed[1])) == sorted(p.stem for p in (STATIC / "css").glob("*.css"))


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_icon_named_in_a_template_can_be_drawn(path: Path) -> None:
    names = re.findall(r"icon\('([\w-]+)'", path.read_text(encoding="utf-8"))
    assert [name for name in names if not icon_svg(name)] == []


def test_the_address_of_bootstrap_bears_the_version_installed() -> None:
    """Browsers keep it for a year, so a new version needs a new address."""
    layers = (STATIC / "css" / "layers.css").read_text(encoding="utf-8")
    sheet = files("flask_bootstrap") / "static" / "bootstrap5" / "css" / "bootstrap.min.css"
    installed = re.search(r"Bootstrap\s+v([\d.]+)", sheet.read_text(encoding="utf-8")[:200])
    assert installed
    assert f"bootstrap.min.css?v={installed[1]}" in layers


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")) + sorted(STATIC.rglob("*.js")), ids=_name)
def test_no_file_of_the_interface_grows_large(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 300
