"""Whether this process is on its way out: from then on readiness says so, and what is in hand is finished."""

from __future__ import annotations

_begun = False


def begin() -> None:
    """From now on this process takes leave. A signal's handler may call it: it takes no lock."""
    global _begun
    _begun = True


def is_draining() -> bool:
    """Whether it does."""
    return _begun
