"""Files are sent in pieces that a server puts on the disk instead of into its memory."""

from __future__ import annotations

import pytest

from backoffice.admin.downloads import PIECE, _in_pieces


@pytest.mark.parametrize("chunks", [[], [b"head"], [b"head", *[b"row" * 1000] * 500], [b"head", b"x" * PIECE * 3]])
def test_the_first_chunk_goes_at_once_and_the_others_together(chunks: list[bytes]) -> None:
    first, *others = _in_pieces(iter(chunks))
    assert first == (chunks[0] if chunks else b"")
    assert b"".join(others) == b"".join(chunks[1:])
    assert all(len(piece) >= PIECE for piece in others[:-1])
