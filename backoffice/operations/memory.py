"""Keeping a process that serves small where its C library can be told how: glibc can, others have less need of it."""

from __future__ import annotations

import ctypes
import sys

# glibc's own numbers, in malloc.h.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
# What glibc begins with, before what it sees makes it keep more and more.
LARGE = 128 * 1024


def give_back() -> None:
    """Let what one thread has freed be there for the others, and what is large go back to the system at once.

    glibc gives each thread a place of its own for memory, and each keeps what it once held: with every thread that had
    made an export it was 3 to 5 MiB more, for good. What that is for, threads that wait for the same lock, is not
    gained here, as Python's threads wait for each other anyhow.
    """
    if sys.platform != "linux":
        return
    # Another C library, as Alpine's, has no such function.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, LARGE)
