"""What a rule is: a name, the databases it is about, what is wrong and how to do it right, with examples, a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import cleandoc

from backoffice.operations.lint.recording import DIALECTS, Recorded
from backoffice.operations.lint.review import Review

SERVERS = ("mysql", "mariadb", "postgresql")
MYSQL = ("mysql", "mariadb")
POSTGRESQL = ("postgresql",)
SQLITE = ("sqlite",)
# The steps that are wrong; None where it is the revision as a whole.
Check = Callable[[Review], Iterator[Recorded | None]]


@dataclass(frozen=True)
class Rule:
    """One rule. The examples are the body of `upgrade`, after whole lines of the file such as `phase = "contract"`."""

    name: str
    dialects: tuple[str, ...]
    wrong: str
    right: str
    bad: str
    good: str
    check: Check


RULES: dict[str, Rule] = {}


def rule(dialects: tuple[str, ...] = DIALECTS, *, right: str, bad: str, good: str) -> Callable[[Check], Rule]:
    """Make a rule of a check, whose name is the rule's and whose docstring says what is wrong."""

    def make(check: Check) -> Rule:
        name = check.__name__.replace("_", "-")
        wrong = " ".join(cleandoc(check.__doc__ or "").split())
        RULES[name] = Rule(name, dialects, wrong, right, cleandoc(bad), cleandoc(good), check)
        return RULES[name]

    return make
