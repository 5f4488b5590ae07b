"""The rules as text: the list at the top of each new revision, and docs/revisions.md."""

from __future__ import annotations

from textwrap import fill

from backoffice.operations.lint import rules
from backoffice.operations.lint.findings import NAMES
from backoffice.operations.lint.recording import DIALECTS
from backoffice.operations.lint.rule import Rule

TOPICS = {
    "Columns": rules.columns,
    "Tables": rules.tables,
    "Indexes": rules.indexes,
    "Constraints": rules.constraints,
    "Foreign keys": rules.foreign_keys,
    "Rows and raw SQL": rules.data,
    "The revision as a whole": rules.revisions,
    "SQLite, and what a database has no words for": rules.sqlite,
}


def short_list() -> str:
    """Every rule by name and topic, as migrations/script.py.mako prints them."""
    lines = [f"{topic}: {', '.join(found.name for found in _of(topic))}." for topic in TOPICS]
    return "\n".join(
        fill(line, 118, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False) for line in lines
    )


def document() -> str:
    """docs/revisions.md, whole."""
    return f"{INTRODUCTION}\n\n{table()}\n\n{sections()}\n"


INTRODUCTION = """# Rules for revisions, one by one

What `flask db lint` looks for: it runs each revision without a database, as for SQLite, MySQL, MariaDB and PostgreSQL,
and judges the operations. [Operations](operations.md#rules-for-revisions) tells how to write a revision, and how one
passes over a rule. `flask db lint --rules` prints this page.

Examples are the body of `upgrade`; lines such as `phase = "contract"` and imports stand at the top of the file. Tables
that a revision makes itself are in nobody's way: most rules are about those that are in use."""


def table() -> str:
    """Every rule in a line: its name, its databases, what is wrong."""
    listed = [found for topic in TOPICS for found in _of(topic)]
    rows = (f"| [{found.name}](#{found.name}) | {databases(found)} | {found.wrong} |" for found in listed)
    return "\n".join(["| Rule | Databases | What is wrong |", "|---|---|---|", *rows])


def sections() -> str:
    """Every rule with how to do it right, and an example of either, by topic."""
    parts = []
    for topic in TOPICS:
        parts.append(f"## {topic}")
        parts += [_section(found) for found in _of(topic)]
    return "\n\n".join(parts)


def databases(found: Rule) -> str:
    """The databases that a rule is about, for people."""
    return "all" if found.dialects == DIALECTS else ", ".join(NAMES[name] for name in found.dialects)


def _of(topic: str) -> list[Rule]:
    return [found for found in vars(TOPICS[topic]).values() if isinstance(found, Rule)]


def _section(found: Rule) -> str:
    return (
        f"### {found.name}\n\n{found.wrong} {found.right}\n\n"
        f"Not so:\n\n```python\n{found.bad}\n```\n\nBut so:\n\n```python\n{found.good}\n```"
    )
