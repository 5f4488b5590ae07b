"""The screens in docs/upgrades.md are those that are printed."""

from __future__ import annotations

import re

import pytest

from tests.documents import ROOT, blocks
from tests.operations.upgrading.conftest import Runners


@pytest.mark.sqlite_only
def test_the_plan_in_the_document_is_the_one_that_is_printed(url: str, runners: Runners):
    [shown] = [block.body for block in blocks(ROOT / "docs" / "upgrades.md") if block.body.startswith("SQLite")]
    assert runners.run(url, "upgrade", "0003")[0] == 0
    code, printed = runners.run(url, "plan", "0004")
    assert code == 0
    assert _normalised(printed) == _normalised(shown)


def _normalised(screen: str) -> str:
    return re.sub(r"^SQLite [\d.]+", "SQLite N", screen.strip())
