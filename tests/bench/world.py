"""The rows of the benchmark: the demo's texts, with exact numbers of authors' articles, links and rare words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from math import gcd
from typing import Any

from backoffice.demo.content import article as demo_article
from backoffice.demo.people import person

# Fixed, so that the same size always means the same rows.
END, SPAN = datetime(2026, 11, 1), timedelta(days=1095)  # noqa: DTZ001 - databases hold naive UTC
SCHEDULED = datetime(2090, 1, 1)  # noqa: DTZ001 - as above
CONTENT_BYTES = 400
# Shares no factor with any size used here: steps of it spread what is alike over the whole table.
STRIDE = 618_034_027
# None of these stands in the demo's texts. One article in so many has the word in its title.
RARE, FREQUENT = 1_000, 50
WORDS = {
    "english": {"rare": "zephyr", "frequent": "lighthouse", "absent": "xylograph"},
    "chinese": {"rare": "琥珀", "frequent": "灯塔", "absent": "麒麟"},
}
Row = tuple[Any, ...]


@dataclass(frozen=True)
class World:
    """How many rows of each kind, and what each of them holds. Everything is counted from 0; keys from 1."""

    articles: int = 1_000_000
    users: int = 100_000
    collections: int = 3_000_000

    @classmethod
    def of(cls, articles: int) -> World:
        """L at a million articles; others have users in proportion, and links too up to those of L."""
        return cls(articles, max(20, articles // 10), 3 * min(articles, 1_000_000))

    @property
    def name(self) -> str:
        """The last part of the database's name."""
        return {1_000_000: "l", 10_000_000: "xl"}.get(self.articles, str(self.articles))

    @cached_property
    def written(self) -> list[int]:
        """How many articles came from the first so many authors, the heaviest first: about 9,700 of a million."""
        return list(accumulate(zipf(self.articles, self.users, max(30, self.articles * 97 // 10_000))))

    @property
    def heaviest_author(self) -> int:
        """The key of the user with the most articles."""
        return self.user_key(0)

    @property
    def heaviest_collector(self) -> int:
        """The key of the user who keeps the most articles."""
        return self.user_key(self.users // 2)

    @property
    def some_article(self) -> int:
        """The key of an article in the middle of the table."""
        return self.articles // 2

    def user_key(self, rank: int) -> int:
        """Heavy authors stand anywhere in the table."""
        return (rank * step(self.users) + self.users // 3) % self.users + 1

    def user_row(self, n: int) -> Row:
        """id, username, email, name, address, created_at, updated_at, version."""
        someone, joined = person(1, n), self._moment(n, self.users)
        email = f"{someone.username}@example.com"
        return n + 1, someone.username, email, someone.name, someone.address, joined, joined, 1

    def article_row(self, n: int) -> Row:
        """id, title, content, user_id, published_at, created_at, updated_at, version."""
        title, content = demo_article(1, n)
        mixed = (n * STRIDE) & 0xFFFFFFFF
        marks = (mixed >> 12) % 100_000
        author = self.user_key(bisect_right(self.written, n * step(self.articles) % self.articles))
        made = self._moment(n, self.articles)
        published = None if marks % 10 >= 7 else SCHEDULED if marks % 500 == 0 else made + timedelta(hours=3)
        body = content.encode()[:CONTENT_BYTES].decode(errors="ignore")
        return n + 1, f"{title}{rare_words(n)} · {marks}", body, author, published, made, made, 1

    def collection_rows(self) -> Iterator[Row]:
        """user_id, article_id, collected_at, created_at, updated_at, version, in the order of the key."""
        counts = zipf(self.collections, self.users, max(90, self.collections // 600))
        by_key = sorted((self.user_key(rank + self.users // 2), rank) for rank in range(self.users))
        for key, rank in by_key:
            kept = min(counts[rank], self.articles)
            apart, start = max(1, self.articles // max(1, kept)), rank * 7919
            for article in sorted({(start + i * apart) % self.articles for i in range(kept)}):
                moment = END - timedelta(minutes=(key * 31 + article * 17) % 1_000_000)
                yield key, article + 1, moment, moment, moment, 1

    def _moment(self, n: int, of: int) -> datetime:
        return END - SPAN * (1 - n / of)


def rare_words(n: int) -> str:
    """What is put behind a title so that searches have a known number of hits, evenly spread."""
    words = []
    for shift, language in enumerate(("english", "chinese")):
        words += [WORDS[language]["rare"]] if (n + 300 * shift) % RARE == 137 else []
        words += [WORDS[language]["frequent"]] if (n + 20 * shift) % FREQUENT == 11 else []
    return "".join(f" {word}" for word in words)


def zipf(total: int, people: int, heaviest: int) -> list[int]:
    """So many things of so many people, the n-th having the heaviest's share divided by a power of n."""
    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        too_many = sum(heaviest / (rank + 1) ** middle for rank in range(people)) > total
        low, high = (middle, high) if too_many else (low, middle)
    ends = accumulate(heaviest / (rank + 1) ** high for rank in range(people))
    counts, before = [], 0
    for end in ends:
        counts.append(min(round(end), total) - before)
        before += counts[-1]
    # What rounding left over.
    counts[-1] += total - before
    return counts


def step(size: int) -> int:
    """A stride that reaches every one of `size` places."""
    stride = STRIDE % size or 1
    while gcd(stride, size) != 1:
        stride += 1
    return stride
