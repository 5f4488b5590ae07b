"""What threads free is there for others, where the C library is glibc; what no page asks of Babel is let go."""

from __future__ import annotations

import ctypes
import gc
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
from babel import Locale, core
from babel.numbers import get_territory_currencies
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.config import ROOT
from backoffice.operations import memory
from tests.factories import make_articles

# How many places glibc has set aside: each is 64 MiB of addresses, of which what is not used is forbidden.
PROGRAM = """
import ctypes, re, sys, threading
from pathlib import Path
if sys.argv[1:]:
    from backoffice.operations import memory
    memory.share()
malloc, together = ctypes.CDLL(None).malloc, threading.Barrier(4)
def hold():
    together.wait()
    malloc(4096)
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
maps = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) ---p 00000000 00:00 0", Path("/proc/self/maps").read_text(), re.M)
print(sum(int(end, 16) % 2**26 == 0 and int(end, 16) - int(start, 16) > 2**25 for start, end in maps))
"""


@pytest.mark.sqlite_only
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives threads memory of their own")
def test_threads_share_what_they_free():
    def places(*arguments: str) -> int:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)

    assert places() > 0
    assert places("shared") == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, system: str):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace())
    memory.share()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Babel's tables without what no page asks for."""
    monkeypatch.setattr(core, memory.KEPT_AS, None)
    core.get_global("parent_exceptions")
    memory.keep_little_of_the_world()
    tables: dict[str, object] = getattr(core, memory.KEPT_AS)
    return tables


def test_what_pages_ask_of_babel_is_kept_and_the_rest_is_not(few: dict[str, object]):
    assert not memory.UNASKED & few.keys()
    assert {"parent_exceptions", "zone_territories", "meta_zones"} <= few.keys()


def test_whoever_asks_for_what_was_let_go_gets_it(few: dict[str, object]):
    assert get_territory_currencies("CH") == ["CHF"]
    assert Locale.parse("zh_TW").script == "Hant"
    assert getattr(core, memory.KEPT_AS).keys() >= memory.UNASKED


def test_babel_that_keeps_its_tables_elsewhere_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(core, memory.KEPT_AS)
    memory.keep_little_of_the_world()
    assert not hasattr(core, memory.KEPT_AS)


# What pages are made of. Other tests leave more: applications, types, and what listens to their databases.
SHOWN = ("backoffice.admin.presenters", "backoffice.models.article", "backoffice.models.staff")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "page", ["/admin/", "/admin/article/?search=title", "/admin/article/details/?id={key}", "/admin/job/"]
)
def test_a_page_is_let_go_as_soon_as_it_has_been_sent(admin: FlaskClient, session: Session, page: str):
    """What is held in a circle stays until Python looks for circles: it was a twentieth of a list's time."""
    address = page.format(key=make_articles(session, 3)[0].id)
    for _ in range(2):
        admin.get(address).close()
    gc.collect()
    gc.disable()
    try:
        with admin.get(address) as response:
            assert response.status_code == 200
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert {type(left).__name__ for left in gc.garbage if type(left).__module__.startswith(SHOWN)} == set()
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
