"""What an upgrade tells while it runs: sentences for whoever watches, one object at the end for machines."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field

from backoffice.operations.checks.findings import Finding, Status

_logger = logging.getLogger("backoffice.upgrade")


@dataclass
class Done:
    """One revision that was carried out, or taken back."""

    revision: str
    title: str
    seconds: float = 0.0
    tries: int = 0
    # The step that a run before this one had come to.
    resumed_after: int = 0
    statements: int = 0


@dataclass
class Report:
    """Collects what happened; the base class says it in the log, as where a program calls `flask_migrate.upgrade()`."""

    began_at: str | None = None
    ended_at: str = ""
    waited_seconds: float = 0.0
    done: list[Done] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    backup: str = ""
    # Where the newest revision was reached: what is otherwise there than the models say.
    verification: list[Finding] = field(default_factory=list)
    # What it ended with, where it did not do all that it was asked.
    error: str = ""

    def say(self, sentence: str) -> None:
        """Tell something now."""
        _logger.info("%s", sentence)

    def warn(self, sentence: str) -> None:
        """Tell something that somebody may want to look at, now and at the end."""
        self.notes.append(sentence)
        self.say(sentence)

    def revision_done(self, done: Done, *, down: bool) -> None:
        """Tell of one revision."""
        self.done.append(done)
        again = f", at try {done.tries}" if done.tries > 1 else ""
        resumed = f", gone on after step {done.resumed_after}" if done.resumed_after else ""
        what = f"{'Taken back: ' if down else ''}{short(done.title)}"
        self.say(f"{done.revision}  {what} ({_seconds(done.seconds)}{again}{resumed})")

    def verified(self, found: list[Finding]) -> None:
        """Tell what was found afterwards; what serving would fail on is an error, and told as one."""
        self.verification = found
        for finding in found:
            if finding.status is not Status.FAIL:
                self.say(f"Look: {whole(finding)}")

    def summary(self) -> str:
        """What became of it, in a sentence."""
        if any(finding.status is Status.FAIL for finding in self.verification):
            return f"The schema is at {self.ended_at}, and lacks what this version needs."
        if self.error:
            return self.error
        if not self.done:
            waited = self.waited_seconds
            by_other = f" Another one did it meanwhile ({_seconds(waited)} waited)." if waited else ""
            return f"The schema is at {self.ended_at or 'its beginning'}: nothing to do.{by_other}"
        seconds = sum(done.seconds for done in self.done)
        count = f"{len(self.done)} revision{'s' if len(self.done) > 1 else ''}"
        return f"The schema is at {self.ended_at or 'its beginning'}: {count} in {_seconds(seconds)}."

    def as_dict(self) -> dict[str, object]:
        """The same for a machine."""
        return asdict(self) | {"summary": self.summary()}


def short(title: str) -> str:
    """A revision's title to where it begins to explain itself."""
    return title.split(": ")[0].split(". ")[0].rstrip(".")


def whole(finding: Finding) -> str:
    """A finding in one line, with what mends it."""
    return " ".join(part for part in (finding.told, finding.fix, finding.command) if part)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds / 60:.0f} min {seconds % 60:.0f} s"


_present: ContextVar[Report | None] = ContextVar("upgrade_report", default=None)


def present() -> Report:
    """The report of the upgrade that is being carried out."""
    return _present.get() or Report()


@contextmanager
def reporting(report: Report) -> Iterator[Report]:
    """Tell what happens meanwhile to this report."""
    token = _present.set(report)
    try:
        yield report
    finally:
        _present.reset(token)
