"""A plan as a person reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from backoffice.operations.plan import Plan
from backoffice.operations.plan.verdicts import Level
from backoffice.operations.upgrading.report import short

WIDTH = 100
ENDS = {
    Level.GO: "Go: flask db upgrade",
    Level.LOOK: "Look at what is marked, then: flask db upgrade",
    Level.NO: "No: mend what is marked, or allow it by name: flask db upgrade --allow {names}",
}


def lines(plan: Plan) -> Iterator[str]:
    """What `flask db plan` prints."""
    yield f"{plan.database}, schema {plan.at or 'none yet'} to {plan.target or 'none'}"
    for revision in plan.revisions:
        yield ""
        yield f"{revision.number}  {short(revision.title)}  ({revision.phase})"
        for step in revision.steps:
            for statement in step.statements:
                yield from textwrap.wrap(
                    " ".join(statement.split()), WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8,
                    break_long_words=False, break_on_hyphens=False,
                )  # fmt: skip
            yield from _told(step.verdict.level, f"{step.verdict.name}: {step.verdict.told}")
        if revision.waits:
            yield from _told(Level.LOOK, f"waits: {revision.waits}")
    if plan.obstacles:
        yield ""
        yield "In the way"
    for obstacle in plan.obstacles:
        yield from _told(obstacle.level, f"{obstacle.name}: {obstacle.told} {obstacle.fix}")
    yield ""
    if not plan.revisions:
        yield "There is nothing to upgrade."
        return
    yield ENDS[plan.level].format(names=" --allow ".join(plan.refusals()))


def _told(level: Level, words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent=f"{level.name.lower():<6}", subsequent_indent=" " * 6)
