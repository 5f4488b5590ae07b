"""Texts that were escaped against formulas, given back as they were."""

from __future__ import annotations

from backoffice.records.exporting.values import FORMULA


def unescape_formula(text: str) -> str:
    """The text that `escape_formula` was given: the apostrophe that it put before a formula is taken away."""
    return text[1:] if text[:1] == "'" and FORMULA.match(text, 1) else text
