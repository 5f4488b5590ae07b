"""Look at a revision on every database and say what is wrong with it, once, and how to do it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script

from backoffice.operations.lint.recording import DIALECTS
from backoffice.operations.lint.review import Review, subject
from backoffice.operations.lint.rule import RULES, Rule
from backoffice.operations.lint.rules import revisions

NAMES = {"sqlite": "SQLite", "mysql": "MySQL", "mariadb": "MariaDB", "postgresql": "PostgreSQL"}
# What a revision cannot pass over: how it passes over rules.
STRICT = {revisions.ignore_without_reason.name, revisions.ignore_unused.name}


@dataclass(frozen=True)
class Finding:
    """What one rule found at one place; `dialects` are where it did, `line` is 0 for the revision as a whole."""

    revision: str
    path: Path
    line: int
    about: str
    rule: Rule
    dialects: tuple[str, ...]
    said: str = ""


def lint(script: Script, dialects: Iterable[str] = DIALECTS) -> list[Finding]:
    """All that the rules find in a revision and that it does not pass over with a reason, in the order of its lines."""
    reviews = [Review.of_script(script, dialect) for dialect in dialects]
    found = [finding for rule in RULES.values() for finding in _findings(rule, reviews)]
    ignored = set(reviews[0].ignored) - STRICT if reviews else set()
    # A look at some databases only cannot know that a rule finds nothing.
    if {review.dialect for review in reviews} == set(DIALECTS):
        unused = ignored & set(RULES) - {finding.rule.name for finding in found}
        found += [_whole(reviews, revisions.ignore_unused, name) for name in sorted(unused)]
    kept = [finding for finding in found if finding.rule.name not in ignored]
    return sorted(kept, key=lambda finding: (finding.line, finding.rule.name))


def _findings(rule: Rule, reviews: list[Review]) -> list[Finding]:
    places: dict[tuple[int, str], list[str]] = {}
    said: dict[tuple[int, str], str] = {}
    for review in reviews:
        for step in rule.check(review) if review.dialect in rule.dialects else ():
            place = (step.line, subject(step)) if step else (0, "")
            places.setdefault(place, []).append(review.dialect)
            said.setdefault(place, (step.problem or "") if step else "")
    script = reviews[0].script if reviews else None
    return [
        Finding(str(script.revision), Path(script.path), *place, rule, tuple(dict.fromkeys(on)), said[place])
        for place, on in places.items()
        if script is not None
    ]


def _whole(reviews: list[Review], rule: Rule, about: str) -> Finding:
    script = reviews[0].script
    return Finding(str(script.revision), Path(script.path), 0, about, rule, DIALECTS)


def told(finding: Finding) -> str:
    """A finding for people: where, which rule, what is wrong, how to do it right."""
    where = f"{finding.path.name}:{finding.line}" if finding.line else finding.path.name
    databases = "" if finding.dialects == DIALECTS else " on " + ", ".join(NAMES[name] for name in finding.dialects)
    about = f" ({finding.about})" if finding.about else ""
    lines = [f"{where}: {finding.rule.name}{about}{databases}", finding.rule.wrong, finding.rule.right]
    return "\n    ".join([*lines, *([f"It says: {finding.said}"] if finding.said else [])])
