"""`flask jobs …`: workers, and what is in the ledger."""

from __future__ import annotations

import signal
from threading import Event, Timer

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from backoffice.admin.jobs import state_of, title_of
from backoffice.admin.waking import listen
from backoffice.admin.working import begin_backfills, worker
from backoffice.extensions import db
from backoffice.models import Job
from backoffice.operations import notices
from backoffice.operations.readiness import Gate
from backoffice.records.jobs import ledger
from backoffice.records.jobs.outcomes import groups

jobs_group = AppGroup("jobs", help="Work jobs off, and look after them.")
NUMBER = click.argument("number", type=int)
MAYBE_NUMBER = click.argument("number", type=int, required=False)
SHOWN = 20


@jobs_group.command("work")
@click.option("--until-idle", is_flag=True, help="End once there is nothing to do, instead of waiting for more.")
def work_command(until_idle: bool) -> None:
    """Work jobs off until Ctrl-C or SIGTERM: the chunk in hand is finished first. Start as many as you like.

    One that is started before the schema is there waits for it.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own
    stop = Event()
    working = worker(app, stop)

    def end() -> None:
        stop.set()
        working.wake.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        # Not in the signal's own frame, in which no lock may be taken.
        signal.signal(each, lambda *_signal: Timer(0, end).start())
    gate: Gate = app.extensions["backoffice.gate"]
    # Where the database does not answer at all, what follows says why.
    if gate.is_shut and not gate.wait(stop):
        click.echo("Worker has ended.")
        return
    click.echo(f"Worker {working.name} is at work. Ctrl-C ends it after the chunk in hand.")
    if held := _held():
        click.echo(held)
    elif until_idle:
        # A lasting worker does so by itself, now and then.
        begin_backfills(db.session())
    # For as long as the worker lives its own sessions do the rest: none here may outlast a database that restarts.
    db.session.rollback()
    if until_idle:
        while not stop.is_set() and working.work_once():
            pass
        return
    with listen(app):
        working.run()
    click.echo("Worker has ended.")


@jobs_group.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that have ended.")
def list_command(everything: bool) -> None:
    """List the jobs that are open, or the newest of all."""
    found = sa.select(Job).order_by(Job.id.desc()).limit(SHOWN)
    jobs = db.session.scalars(found if everything else found.where(Job.state.in_(ledger.OPEN))).all()
    if not jobs:
        click.echo(
            "There are no jobs." if everything else "No job is open. Those that have ended: flask jobs list --all"
        )
    for job in jobs:
        click.echo(_line(job))
    if held := _held():
        click.echo(held)


@jobs_group.command("show")
@NUMBER
def show_command(number: int) -> None:
    """Show one job: how far it is, and what became of its rows."""
    job = ledger.find(db.session(), number)
    click.echo(_line(job))
    click.echo(f"  asked for by {job.person or 'Backoffice itself'} at {job.created_at:%Y-%m-%d %H:%M:%S} UTC")
    if job.words:
        click.echo(f"  rows: {job.words}")
    click.echo(
        f"  changed {job.changed:,}, unchanged {job.unchanged:,}, left out {job.skipped:,}, failed {job.failed:,}"
    )
    if job.message:
        click.echo(f"  {job.message}")
    if job.state == "failed":
        click.echo(f"  The log tells why under “job {job.id}”. Once that is mended: flask jobs resume {job.id}")
    for group in groups(db.session(), job.id):
        click.echo(f"  {group.count:,} × {group.outcome}: {group.reason} (for example {group.first})")


@jobs_group.command("cancel")
@NUMBER
def cancel_command(number: int) -> None:
    """End a job where it stands. What it did stays; it can be undone or go on."""
    click.echo(_line(ledger.cancel(db.session(), number)))


@jobs_group.command("pause")
@MAYBE_NUMBER
@click.option("--all", "reason", metavar="REASON", help="Hold all jobs back, and tell staff why.")
def pause_command(number: int | None, reason: str | None) -> None:
    """Let a job wait until it is resumed; with --all, every job: workers finish their chunk and take up nothing."""
    _one_of(number, reason)
    if number is not None:
        click.echo(_line(ledger.pause(db.session(), number)))
        return
    notices.put(db.session(), notices.JOBS, reason or "", level="warning")
    click.echo(_held())


@jobs_group.command("resume")
@MAYBE_NUMBER
@click.option("--all", "everything", is_flag=True, help="Let workers take up jobs again.")
def resume_command(number: int | None, everything: bool) -> None:
    """Let a job that was paused, cancelled, stopped or failed go on where it stood."""
    _one_of(number, everything or None)
    if number is not None:
        click.echo(_line(ledger.resume(db.session(), number)))
        return
    notices.clear(db.session(), notices.JOBS)
    click.echo(_held() or "Workers take up jobs again. Those that were paused one by one stay so.")


@jobs_group.command("retry")
@NUMBER
def retry_command(number: int) -> None:
    """Try the rows that failed again, as a job of its own and of the same person."""
    click.echo(_line(ledger.retry(db.session(), number)))


def _one_of(number: int | None, all_of_them: object) -> None:
    if (number is None) == (all_of_them is None):
        raise click.UsageError("Give the number of one job, or --all.")


def _held() -> str:
    """Why no job is taken up, as the database has it at this moment."""
    found = notices.standing(db.session())
    if held := found.get(notices.JOBS):
        return f"All jobs are paused. {held.message} Go on with: flask jobs resume --all"
    held = found.get(notices.READ_ONLY)
    return f"Jobs wait for read-only mode to end: {held.message}" if held else ""


def _line(job: Job) -> str:
    return f"#{job.id}  {state_of(job)[0]}  {title_of(job)}  {job.position:,} of {job.length:,}"
