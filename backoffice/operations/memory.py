"""Keeping a process that serves small: how it takes memory, and what it need not keep of Babel's tables."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from babel import core as babel

# glibc's own number, in malloc.h.
M_ARENA_MAX = -8
# Of what Babel knows of the world: what is asked where a language is guessed, or money or a country is named.
KEPT_AS = "_global_data"
UNASKED = frozenset({"likely_subtags", "territory_aliases", "territory_currencies", "territory_languages"})


def share() -> None:
    """Let what one thread has freed be there for the others.

    glibc gives each thread a place of its own for memory, and each keeps what it once held: with every thread that had
    made an export it was 3 to 5 MiB more, for good. What that is for, threads that wait for the same lock, is not
    gained here, as Python's threads wait for each other anyhow. M_MMAP_THRESHOLD was tried beside it: 1 MiB less after
    an export, but pages of 200 rows took a twentieth more of a processor.
    """
    if sys.platform != "linux":
        return
    # Another C library, as Alpine's, has no such function.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)


def keep_little_of_the_world() -> None:
    """Let go of the larger part of Babel's tables, 2 MiB, which no page asks for; whoever does has them read again.

    Babel reads all of them with the first language, and keeps them in a place of its own: a version that keeps them
    elsewhere is left as it is.
    """
    tables: Any = getattr(babel, KEPT_AS, None)
    if isinstance(tables, dict):
        setattr(babel, KEPT_AS, _Tables({name: table for name, table in tables.items() if name not in UNASKED}))


class _Tables(dict[str, Any]):
    """Babel's tables without those that are UNASKED, until one of them is asked for."""

    def get(self, name: str, default: Any = None) -> Any:
        if name in UNASKED and name not in self:
            setattr(babel, KEPT_AS, None)
            return babel.get_global(name)  # type: ignore[arg-type]  # one of the names that Babel knows
        return super().get(name, default)
