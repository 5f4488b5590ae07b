"""One short name for one record of one view, whatever its key."""

from __future__ import annotations

import hashlib


def slot(endpoint: str, record_key: str) -> str:
    """A hash of both: keys can be longer than an index takes, and MySQL would compare them without case."""
    return hashlib.sha256(f"{endpoint}\0{record_key}".encode()).hexdigest()
