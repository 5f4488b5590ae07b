"""The results as tables to read; every table is Markdown, to be put into docs/performance.md as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.bench.loads import Exported, Started, Throughput
from tests.bench.measuring import Measured
from tests.bench.tasks import FORMS, TASKS
from tests.bench.upgrading import GOAL as READERS_GOAL
from tests.bench.upgrading import Upgraded

HEAD = ("", "median", "p95", "to floor", "to stock", "own CPU", "statements", "rows read", "kB", "goal now")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns stand in line."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    drawn = [f"| {' | '.join(_cell(c, widths[i], i) for i, c in enumerate(line))} |" for line in lines]
    return "\n".join([drawn[0], rule, *drawn[1:]])


def _cell(text: str, width: int, column: int) -> str:
    return text.rjust(width) if column else text.ljust(width)


def lists(measured: Sequence[Measured], titles: Mapping[str, str]) -> str:
    """Each task, and below it everybody; dashes where somebody is not asked."""
    rows = []
    for task in (*TASKS, *FORMS):
        runs = {run.contender: run for run in measured if run.task == task.key}
        if runs:
            rows.append((f"**{task.title}**", *[""] * (len(HEAD) - 1)))
            none = ["–"] * (len(HEAD) - 1)
            goal = getattr(task, "goal", None)
            for key, title in titles.items():
                rows.append((title, *(_figures(runs[key], runs, goal) if key in runs else none)))
    return table(HEAD, rows)


def _figures(run: Measured, runs: Mapping[str, Measured], goal: float | None) -> list[str]:
    """`goal now` is the goal at the speed that the machine had in these very rounds."""
    aimed = goal is not None and run.slowness is not None and run.contender == "product"
    return [
        milliseconds(run.median),
        milliseconds(run.p95),
        ratio(run, runs.get("floor")),
        ratio(run, runs.get("stock")),
        milliseconds(run.own_cpu) if run.cpu else "",
        whole(run.statements),
        whole(run.rows_read),
        f"{run.bytes / 1000:.1f}",
        milliseconds(goal * run.slowness) if aimed else "",
    ]


def growth(measured: Sequence[Measured], titles: Mapping[str, str]) -> str:
    """Each contender's tasks on the smaller and on the larger database, and how many times as long that took."""
    small, large = sorted({run.articles for run in measured})
    rows = []
    for key, title in titles.items():
        for task in TASKS:
            found = {run.articles: run for run in measured if (run.contender, run.task) == (key, task.key)}
            if len(found) == 2:
                one, other = found[small], found[large]
                times = [milliseconds(one.median), milliseconds(other.median), ratio(other, one)]
                rows.append((f"{title}: {task.title}", *times, whole(one.rows_read), whole(other.rows_read)))
    head = ("", f"{small:,}", f"{large:,}", "factor", f"rows read at {small:,}", f"at {large:,}")
    return table(head, rows)


def exports(measured: Sequence[Exported], titles: Mapping[str, str]) -> str:
    """The file of all articles."""
    head = ("CSV of all articles", "whole file", "first byte", "memory before", "at most", "MB")
    return table(
        head,
        [
            (
                titles[run.contender],
                f"{run.seconds:.1f} s",
                milliseconds(run.first_byte),
                megabytes(run.before),
                megabytes(run.peak),
                f"{run.bytes / 1e6:.0f}",
            )
            for run in measured
        ],
    )


def throughputs(measured: Sequence[Throughput], titles: Mapping[str, str]) -> str:
    """The newest articles, as often as it goes."""
    head = ("2 processes, 8 connections, the list", "requests a second", "memory of both")
    return table(head, [(titles[run.contender], f"{run.requests:,.0f}", megabytes(run.memory)) for run in measured])


def starts(measured: Sequence[Started], titles: Mapping[str, str]) -> str:
    """From nothing to the list."""
    head = ("process start to first page", "median", "memory then")
    return table(head, [(titles[run.contender], milliseconds(run.seconds), megabytes(run.memory)) for run in measured])


def upgrades(runs: Sequence[Upgraded], _titles: dict[str, str]) -> str:
    """How readers fared while a column came beside an open transaction."""
    head = (
        f"add `address` to {runs[0].users:,} users", "readers’ p50", "p99", "longest", "reads", "goal of p99",
        "transaction open for", "column there after",
    )  # fmt: skip
    return table(head, [
        (
            run.title, *(milliseconds(run.at(share)) for share in (0.5, 0.99, 1.0)), f"{len(run.reads):,}",
            milliseconds(READERS_GOAL), f"{run.held:.0f} s", f"{run.seconds:.1f} s",
        )
        for run in runs
    ])  # fmt: skip


def milliseconds(seconds: float) -> str:
    """With as many digits as mean something."""
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def ratio(run: Measured, other: Measured | None) -> str:
    """How many times the other's median."""
    return f"{run.median / other.median:.2f}" if other else ""


def whole(number: int | None) -> str:
    """With commas."""
    return "" if number is None else f"{number:,}"


def megabytes(number: int | None) -> str:
    """Of memory."""
    return "" if number is None else f"{number / 1024 / 1024:,.0f} MiB"
