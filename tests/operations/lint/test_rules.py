"""Each rule finds its bad example, and nothing else does; its good example is clean; on every database it is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from backoffice.config import ROOT
from backoffice.operations.lint import texts
from backoffice.operations.lint.findings import lint, told
from backoffice.operations.lint.recording import DIALECTS
from backoffice.operations.lint.rule import RULES, Rule
from backoffice.operations.lint.rules.revisions import ignore_unused
from tests.operations.lint.revisions import revision

EACH = [(rule, dialect) for rule in RULES.values() for dialect in rule.dialects]
each = pytest.mark.parametrize(("rule", "dialect"), EACH, ids=[f"{rule.name}-{dialect}" for rule, dialect in EACH])


def found(folder: Path, example: str, dialects: tuple[str, ...] = DIALECTS) -> set[str]:
    """The names of the rules that find something in an example."""
    return {finding.rule.name for finding in lint(revision(folder, example), dialects)}


@each
def test_a_bad_example_is_found_by_its_rule_alone(rule: Rule, dialect: str, tmp_path: Path) -> None:
    # Whether an exception is needed only a look at all databases can tell.
    looked_at = DIALECTS if rule is ignore_unused else (dialect,)
    assert found(tmp_path, rule.bad, looked_at) == {rule.name}


@each
def test_a_good_example_is_clean(rule: Rule, dialect: str, tmp_path: Path) -> None:
    assert [told(finding) for finding in lint(revision(tmp_path, rule.good), (dialect,))] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_says_what_is_wrong_and_how_to_do_it_right(rule: Rule) -> None:
    for sentence in (rule.wrong, rule.right):
        assert sentence[0].isupper() or sentence.startswith("autocommit_block")
        assert sentence.endswith((".", ")."))
    assert rule.bad != rule.good


def test_the_revisions_of_the_product_are_clean() -> None:
    scripts = list(ScriptDirectory(str(ROOT / "migrations")).walk_revisions())
    assert scripts
    assert [told(finding) for script in scripts for finding in lint(script)] == []


def test_every_rule_has_its_topic() -> None:
    listed = [found.name for topic in texts.TOPICS for found in texts._of(topic)]
    assert sorted(listed) == sorted(RULES)


def test_the_template_of_revisions_prints_the_rules() -> None:
    template = (ROOT / "migrations" / "script.py.mako").read_text(encoding="utf-8")
    assert texts.short_list() in template, "put what texts.short_list() gives into migrations/script.py.mako"


def test_the_document_prints_the_rules() -> None:
    document = (ROOT / "docs" / "revisions.md").read_text(encoding="utf-8")
    assert document == texts.document(), "run: flask db lint --rules > docs/revisions.md"
