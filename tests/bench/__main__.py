"""The command line of the benchmark: `python -m tests.bench --help`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from tests.bench.client import WrongAnswer
from tests.bench.contenders import Contender, floor, product, stock
from tests.bench.kept import put_back
from tests.bench.loading import Database, drop_all
from tests.bench.peers import PEERS
from tests.bench.product import ROOT
from tests.bench.running import MORE, Plan, Results, run
from tests.bench.tasks import FORMS, TASKS
from tests.bench.world import World

BACKENDS = {"mariadb": "mysql", "mysql": "mysql", "postgresql": "postgresql", "sqlite": "sqlite"}
WHAT = (*(task.key for task in (*TASKS, *FORMS)), *MORE)


def _names(known: Iterable[str]) -> click.ParamType:
    """Words with commas between them, each of them known."""

    class Names(click.ParamType):
        name = "names"

        def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
            names = tuple(filter(None, value.split(",")))
            if unknown := [name for name in names if name not in known]:
                self.fail(f"{unknown[0]!r} is none of {', '.join(known)}.", param, ctx)
            return names

    return Names()


@click.command()
@click.option("--database", type=click.Choice(list(BACKENDS)), default="mariadb", show_default=True)
@click.option("--articles", type=click.IntRange(min=200), default=1_000_000, show_default=True)
@click.option("--only", type=_names(WHAT), default="", help=f"With commas, of: {', '.join(WHAT)}.")
@click.option("--candidates", type=_names(PEERS), default="", help="With commas: django,starlette,sqladmin.")
@click.option("--against", type=int, default=10_000_000, show_default=True, help="The size that growth is measured to.")
@click.option("--rounds", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=ROOT, help="Another checkout of this product.")
@click.option(
    "--json",
    "file",
    envvar="BENCH_JSON",
    type=click.Path(path_type=Path),
    help="Write every single time into this file.",
)
@click.option("--load-only", is_flag=True, help="Make the database and measure nothing.")
@click.option("--clean", is_flag=True, help="Drop every database of the benchmark.")
def main(
    database: str, articles: int, only: tuple[str, ...], candidates: tuple[str, ...], against: int, rounds: int,
    folder: Path, file: Path | None, load_only: bool, clean: bool,
) -> None:  # fmt: skip
    """Measure this product beside stock Flask-Admin and raw SQL, on the same rows, and check every answer.

    Every option may be given in the environment, as BENCH_ARTICLES=10000000 for --articles.
    """
    backend = BACKENDS[database]
    if clean:
        click.echo(f"Dropped: {', '.join(drop_all(backend)) or 'nothing was there'}.")
        return
    place = Database(backend, World.of(articles))
    place.make(_say, folder)
    if put_back(place):
        _say("Put back what a run had changed that was ended in the middle.")
    if load_only:
        return
    plan = Plan(place, Database(backend, World.of(against)), _everybody(folder, candidates), only, rounds)
    results = Results()
    try:
        run(plan, results, _say)
    except WrongAnswer as wrong:
        sys.exit(f"\n{wrong}")
    finally:
        click.echo(results.text(plan))
        if file:
            file.write_text(json.dumps(results.as_dict(), indent=1), encoding="utf-8")


def _everybody(folder: Path, peers: Iterable[str]) -> list[Contender]:
    return [product(folder), stock(), stock(counted=False), *(PEERS[key]() for key in peers), floor()]


def _say(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main(auto_envvar_prefix="BENCH")
