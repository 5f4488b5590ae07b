"""Whether a step may be run while people work: by what it costs, on how many rows, and what it breaks beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from backoffice.operations.lint.effects import Cost, Effect
from backoffice.operations.plan.sizes import Size
from backoffice.operations.revisions import CONTRACT

# Whatever is done to so few rows is over before anybody waits for it.
FEW = 10_000
# For so many rows people wait for seconds, and longer.
MANY = 200_000

NAMES = {
    Cost.INSTANT: "instant",
    Cost.IN_PLACE: "in-place",
    Cost.BLOCKS_WRITES: "blocks-writes",
    Cost.COPIES: "copies-table",
}


class Level(IntEnum):
    """Go on; look at it first; no."""

    GO = 0
    LOOK = 1
    NO = 2


@dataclass(frozen=True)
class Verdict:
    """A judgement under the name by which it may be allowed, with its reason and what to do instead."""

    level: Level
    name: str
    told: str


def judge(effect: Effect, size: Size | None, phase: str, *, is_beside: bool, is_cluster: bool = False) -> Verdict:
    """`size` is None for a table that is only being made; `is_beside` is False where no other version runs yet."""
    if effect.breaks and is_beside and size is not None:
        if phase != CONTRACT:
            return Verdict(
                Level.NO, "breaks-running-version",
                f"The version that runs beside it breaks. {effect.breaks} Do it in a later release, as a contract.",
            )  # fmt: skip
        return Verdict(Level.LOOK, "contract", f"A version that still uses it breaks. {effect.breaks}")
    return _by_cost(_in_cluster(effect) if is_cluster else effect, size)


def _in_cluster(effect: Effect) -> Effect:
    """Galera carries a change of the schema out on all nodes at once, and nothing else meanwhile."""
    if effect.cost is Cost.INSTANT:
        return effect
    why = f"{effect.why} In a Galera cluster it holds up every write to every table meanwhile."
    return replace(effect, why=why, cost=Cost.BLOCKS_WRITES if effect.cost is Cost.IN_PLACE else effect.cost)


def _by_cost(effect: Effect, size: Size | None) -> Verdict:
    if size is None:
        return Verdict(Level.GO, "new-table", "Nobody uses a table that is new.")
    if effect.cost in (Cost.INSTANT, Cost.IN_PLACE):
        return Verdict(Level.GO, NAMES[effect.cost], effect.why)
    level = Level.GO if size.rows <= FEW else Level.LOOK if size.rows <= MANY else Level.NO
    return Verdict(level, NAMES[effect.cost], f"{effect.why} ({size.told})")
