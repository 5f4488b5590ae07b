"""Each rule finds its bad example, and nothing else does; its good example is clean; on every database it is about."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.config import ROOT
from backoffice.extensions import db
from backoffice.operations.lint import texts
from backoffice.operations.lint.findings import lint, told
from backoffice.operations.lint.recording import DIALECTS, record
from backoffice.operations.lint.rule import RULES, Rule
from backoffice.operations.lint.rules.revisions import ignore_unused
from tests.factories import make_user
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


# What the databases themselves refuse, as the rules say.
REFUSED = {
    "sqlite": ("default-for-each-row", "sqlite-cannot-alter", "not-null-without-default"),
    "mysql": ("drops-index-of-foreign-key", "name-too-long"),
    "postgresql": ("concurrently-in-transaction",),
}


def test_what_a_rule_calls_impossible_the_database_refuses(
    app: Flask, backend: str, session: Session, tmp_path: Path
) -> None:
    make_user(session)
    session.close()
    with app.app_context(), db.engine.connect() as connection:
        for name in REFUSED[backend]:
            script = revision(tmp_path, RULES[name].bad)
            with Operations.context(MigrationContext.configure(connection)), pytest.raises(sa.exc.DBAPIError):
                script.module.upgrade()
            connection.rollback()


@pytest.mark.mysql_only
def test_what_is_not_told_of_a_column_is_lost_on_mysql(app: Flask, tmp_path: Path) -> None:
    rule = RULES["existing-definition-missing"]
    careless = 'op.alter_column("probe", "nickname", type_=sa.String(120), existing_type=sa.String(70))'
    assert found(tmp_path, careless, ("mariadb",)) == {rule.name}
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE probe (nickname VARCHAR(70) NOT NULL DEFAULT 'x')")
        with Operations.context(MigrationContext.configure(connection)):
            revision(tmp_path, careless).module.upgrade()
        created = connection.exec_driver_sql("SHOW CREATE TABLE probe").one()[1]
        assert "`nickname` varchar(120) DEFAULT NULL" in created


def test_a_check_gets_the_models_prefix_twice_unless_its_name_is_marked_as_whole(tmp_path: Path) -> None:
    rule = RULES["check-name-doubled"]
    bad, good = (
        record(revision(tmp_path, example), "postgresql")[0].statements[0] for example in (rule.bad, rule.good)
    )
    assert "ck_brochure_ck_brochure_length" in bad
    assert "ck_brochure_ck_brochure_length" not in good
