"""What was measured of jobs, as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.bench.importing import Imported
from tests.bench.jobs import Pass, Published
from tests.bench.report import megabytes, milliseconds, table
from tests.bench.saving import Saves

# For a machine where stock opens an article in so many seconds: ten thousand rows are to be done in half a second. A
# job is to be at least a third as fast as the plainest statements, and to leave memory as it is, within so many bytes.
GOAL, STOCK_OPENS = 0.5, 0.0032
RATIO, LEVEL = 1 / 3, 20 * 1024 * 1024


@dataclass
class Jobs:
    """All that was measured of jobs so far; `stock_opens` is what stock takes here to open an article, in seconds."""

    stock_opens: float | None = None
    published: list[Published] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    saves: list[Saves] = field(default_factory=list)
    imports: list[Imported] = field(default_factory=list)

    @property
    def same_here(self) -> float | None:
        """The goal at this machine's speed."""
        return GOAL * self.stock_opens / STOCK_OPENS if self.stock_opens else None

    def as_dict(self) -> dict[str, Any]:
        """For the file: every single time."""
        return asdict(self)

    def texts(self) -> Iterator[str]:
        """A table for each part that was measured."""
        if self.published:
            yield published(self.published, self.same_here)
        if self.passes:
            yield passes(self.passes)
        if self.saves:
            yield saves(self.saves)
        if self.imports:
            yield imports(self.imports)


def published(measured: Sequence[Published], same_here: float | None) -> str:
    """Each way of working, and how long those rows take by it."""
    head = (
        f"publish {measured[0].rows:,} rows that match", "from yes to done", "longest", "dialog", "yes answered",
        "waited for a worker", "at work", "chunks", "undone", "goal", "the same here",
    )  # fmt: skip
    goal = [milliseconds(GOAL), milliseconds(same_here) if same_here else ""]
    return table(head, [
        (
            run.title, milliseconds(run.of("whole")), milliseconds(max(run.whole)), milliseconds(run.of("dialog")),
            milliseconds(run.of("answered")), milliseconds(run.of("waited")), milliseconds(run.of("worked")),
            str(run.chunks), milliseconds(run.undone), *goal,
        )
        for run in measured
    ])  # fmt: skip


def passes(measured: Sequence[Pass]) -> str:
    """Each pass over all rows, with what the worker held; below, whether that stayed level once it was warm."""
    head = (
        f"{measured[0].rows:,} rows", "rows a second", "plain UPDATE", "ratio", "goal", "dialog", "yes answered",
        "chunks", "memory before", "at most", "after",
    )  # fmt: skip
    rows = [
        (
            run.action, f"{run.rows / run.seconds:,.0f}", f"{run.rows / run.plain:,.0f}", f"{run.ratio:.2f}",
            f"{RATIO:.2f}", milliseconds(run.dialog), milliseconds(run.answered), f"{run.chunks:,}",
            megabytes(run.before), megabytes(run.most), megabytes(run.after),
        )
        for run in measured
    ]  # fmt: skip
    text = table(head, rows)
    if (rise := risen(measured)) is not None:
        verdict = "level" if rise <= LEVEL else "not level"
        text += f"\n\nMemory of the worker once warm: {verdict}, {megabytes(rise)} between its least and its most."
    return text


def risen(measured: Sequence[Pass]) -> int | None:
    """From the least that the worker held to the most after its first pass, which warms it; None if that is unknown."""
    held = [
        number
        for run in measured[1:]
        for number in (run.before, run.most, run.after, *run.samples)
        if number is not None
    ]
    return max(held) - min(held) if held else None


def saves(measured: Sequence[Saves]) -> str:
    """Ten people, alone and beside jobs."""
    head = ("ten people save", "p50", "p99", "longest", "saves", "errors", "rows changed by jobs")
    return table(head, [
        (
            run.title, *(milliseconds(run.at(share)) if run.seconds else "" for share in (0.5, 0.99, 1.0)),
            f"{len(run.seconds):,}", str(len(run.problems)), f"{run.changed:,}",
        )
        for run in measured
    ])  # fmt: skip


def imports(measured: Sequence[Imported]) -> str:
    """A file from its upload to its last row."""
    head = (
        "import", "MB", "file taken", "dry run", "rows a second of it", "applied", "rows a second of that",
        "memory of the worker at most",
    )  # fmt: skip
    return table(head, [
        (
            f"{run.rows:,} rows", f"{run.megabytes:.1f}", milliseconds(run.taken), f"{run.tried:,.1f} s",
            f"{run.rows / run.tried_by_ledger:,.0f}", f"{run.applied:,.1f} s",
            f"{run.rows / run.applied_by_ledger:,.0f}", megabytes(run.memory),
        )
        for run in measured
    ])  # fmt: skip
