"""What a language has to bring so that articles can be made in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """Something people write about: its subjects fill titles, its tips fill paragraphs and lists."""

    slug: str
    subjects: tuple[str, ...]
    tips: tuple[str, ...]
    code: str = ""


@dataclass(frozen=True)
class Phrases:
    """Patterns with `{subject}`, `{number}`, `{season}`, `{place}`, `{name}` and `{slug}` to fill in."""

    topics: tuple[Topic, ...]
    titles: tuple[str, ...]
    openings: tuple[str, ...]
    bridges: tuple[str, ...]
    headings: tuple[str, ...]
    quotes: tuple[str, ...]
    closings: tuple[str, ...]
    names: tuple[str, ...]
    places: tuple[str, ...]
    seasons: tuple[str, ...]
    sentence_end: str


def listed(text: str) -> tuple[str, ...]:
    """Short phrases parted by semicolons."""
    return tuple(text.split("; "))
