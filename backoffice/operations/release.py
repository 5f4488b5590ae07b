"""Which version of the product this is."""

from __future__ import annotations

import tomllib

from backoffice.config import ROOT


def version() -> str:
    """The version that pyproject.toml tells: what serves is a checkout, which need not be installed."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
