"""Keeping a process that serves small where its C library can be told how: glibc can, others have less need of it."""

from __future__ import annotations

import ctypes
import sys

# glibc's own number, in malloc.h.
M_ARENA_MAX = -8


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
