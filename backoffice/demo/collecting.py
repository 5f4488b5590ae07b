"""Which user keeps which articles: exact totals, no pair twice, in memory that does not grow with the total."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from backoffice.demo.world import Size, World, coprime
from backoffice.errors import BadInput

# The user whose collection is as long as lists get; nobody else comes near.
READER = 0
READER_COLLECTION, OTHERS_COLLECTION = 10_000, 5_000
HITS, POPULAR = 1_000, 20


def check(size: Size) -> None:
    """Refuse more collections than there are pairs to make."""
    room = 0
    if size.users:
        room = _reader_room(size) + (size.users - 1) * _room(size)
    if size.collections > room:
        raise BadInput(
            f"{size.users} users and {size.articles} articles have room for {room} collections at most: "
            "ask for fewer, or for more users."
        )


def counts(size: Size) -> Iterator[tuple[int, int]]:
    """Each user with the length of their collection: the reader's is fixed, the others follow Zipf's law."""
    if not size.users:
        return
    first = min(_reader_room(size), size.collections)
    yield READER, first
    others, left, room = size.users - 1, size.collections - first, _room(size)
    if not others:
        return
    step = coprime(int(others * 0.618), others)
    ranks = [(place * step + others // 2) % others + 1 for place in range(others)]
    weight = sum(1 / rank for rank in ranks)
    for place, rank in enumerate(ranks):
        behind = (others - place - 1) * room
        share = round(left * (1 / rank) / weight) if place < others - 1 else left
        count = max(min(share, room, left), left - behind)
        left -= count
        weight -= 1 / rank
        yield place + 1, count


def collected(world: World, user: int, count: int) -> list[int]:
    """The articles one user keeps, none twice; a few hits are kept by many."""
    size = world.size.articles
    hits, popular = size // HITS, size // POPULAR
    rest = size - hits - popular
    wanted = [min(count // 10, hits), min(count * 3 // 10, popular), 0]
    wanted[2] = min(count - sum(wanted), rest)
    for tier, room in ((1, popular), (0, hits)):
        wanted[tier] += min(count - sum(wanted), room - wanted[tier])
    spread = coprime(int(size * 0.618), size)
    chosen: list[int] = []
    for tier, (start, room) in enumerate(((0, hits), (hits, popular), (hits + popular, rest))):
        places = islice(_walk(world, user, tier, room), wanted[tier])
        chosen += [(start + place) * spread % size for place in places]
    return sorted(chosen)


def _walk(world: World, user: int, tier: int, room: int) -> Iterator[int]:
    """Every place below `room` once, in an order of the user's own."""
    if room:
        start = int(world.chance(20 + tier, user) * room)
        step = coprime(int(world.chance(30 + tier, user) * room), room)
        yield from ((start + step * n) % room for n in range(room))


def _room(size: Size) -> int:
    return min(OTHERS_COLLECTION, size.articles)


def _reader_room(size: Size) -> int:
    return min(READER_COLLECTION, size.articles)
