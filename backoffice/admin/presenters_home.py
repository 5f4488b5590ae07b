"""What the home page is made of, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.admin.presenters import Link


@dataclass(frozen=True)
class Figure:
    """A number worth knowing each morning, leading to its list."""

    label: str
    value: int
    url: str
    icon: str = ""


@dataclass(frozen=True)
class Bar:
    """One day of the chart; geometry in the SVG's own units."""

    day: str
    label: str
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Bars to look at, and the same as a table to read; `ticks` are lines across, as height from the top and number."""

    title: str
    bars: Sequence[Bar]
    width: int
    height: int
    peak: int
    ticks: Sequence[tuple[float, str]]
    ranges: Sequence[Link]
