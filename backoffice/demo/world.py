"""When things happen in the demo data and who does them: growth over three years, and Zipf's law for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import gcd

SPAN = timedelta(days=1095)
# Below 1 the platform grows: the last year holds more than the first.
GROWTH = 0.6
WEEKEND_REST = 0.5
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Size:
    """How many rows of each kind."""

    users: int = 2_000
    articles: int = 50_000
    collections: int = 150_000

    @property
    def total(self) -> int:
        """All rows together."""
        return self.users + self.articles + self.collections


@dataclass(frozen=True)
class World:
    """One load: the same `seed`, `now` and `size` give the same rows. Users and articles are counted from 0."""

    size: Size
    now: datetime
    seed: int = 1

    def chance(self, *numbers: int) -> float:
        """A number in [0, 1) that depends on nothing but the seed and the numbers given (splitmix64)."""
        state = self.seed
        for number in numbers:
            state = (state * 0x9E3779B97F4A7C15 + number + 1) & MASK
            state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
            state ^= state >> 31
        return (state >> 11) / (1 << 53)

    def joined(self, user: int) -> datetime:
        """When the user came: the first at the very beginning."""
        share = (user + (self.chance(1, user) if user else 0)) / self.size.users
        return self._moment(share)

    def written(self, article: int) -> datetime:
        """When the article was made; half of a weekend's work is done two days before."""
        moment = self._moment((article + self.chance(2, article)) / self.size.articles)
        earlier = moment - timedelta(days=2)
        rests = moment.weekday() >= 5 and self.chance(3, article) < WEEKEND_REST
        return earlier if rests and earlier > self.now - SPAN else moment

    def published(self, article: int, written: datetime) -> datetime | None:
        """When readers could first see it: about 70 % are out, the youngest not yet."""
        if self.chance(4, article) > 0.71:
            return None
        moment = written + timedelta(days=5) * self.chance(5, article) ** 3
        return moment if moment <= self.now else None

    def author(self, article: int, written: datetime) -> int | None:
        """Who wrote it: by Zipf's law one of those who had joined by then; one in a hundred has lost its author."""
        if not self.size.users or self.chance(6, article) < 0.01:
            return None
        passed = (written - (self.now - SPAN)) / SPAN
        there = max(1, int(self.size.users * passed ** (1 / GROWTH)))
        # The inverse of Zipf's distribution function, so that no table of weights is kept.
        rank = int((there + 1) ** self.chance(7, article))
        return min(rank, there) % there

    def _moment(self, share: float) -> datetime:
        passed: float = share**GROWTH
        return self.now - SPAN * (1 - passed)


def coprime(wish: int, size: int) -> int:
    """The first number from `wish` on that shares no factor with `size`: steps of it reach every place."""
    step = wish % size or 1
    while gcd(step, size) != 1:
        step += 1
    return step
