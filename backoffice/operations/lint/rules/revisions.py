"""Rules about a revision as a whole: how much is in it, what it says of itself, its way back, its file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from alembic.operations import ops

from backoffice.operations.lint.effects import effect_of
from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, is_schema, table_of
from backoffice.operations.lint.rule import MYSQL, POSTGRESQL, RULES, rule
from backoffice.operations.revisions import PHASES

FILE_NAME = re.compile(r"(\d{4})_[a-z]+(_[a-z0-9]+)+")
SHORTEST_REASON = 15


@rule(
    MYSQL,
    right="Make a revision of each. New tables, with their indexes, may come together: nobody uses them yet.",
    bad="""
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))
    op.add_column("article", sa.Column("subtitle", sa.String(200), nullable=True))
    """,
    good='op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))',
)
def several_schema_steps(review: Review) -> Iterator[Recorded]:
    """None of them can be rolled back: what stops between two leaves the first, and the rerun stumbles over it."""
    schema = [step for step in review.steps if is_schema(step)]
    on_used = [step for step in schema if table_of(step) not in review.created]
    if len(on_used) > 1 or (on_used and review.created):
        yield on_used[-1]


@rule(
    POSTGRESQL,
    right="Let nothing that changes anything stand outside the block: make another revision of it.",
    bad="""
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index("ix_user_phone", "user", ["phone"], postgresql_concurrently=True)
    """,
    good="""
    with op.get_context().autocommit_block():
        op.create_index("ix_user_phone", "user", ["phone"], postgresql_concurrently=True)
    """,
)
def autocommit_not_alone(review: Review) -> Iterator[Recorded]:
    """autocommit_block() commits what came before it, so that the revision can be left half done."""
    if any(step.autocommit for step in review.steps):
        outside = [s for s in review.steps if not s.autocommit and not isinstance(s.op, ops.ExecuteSQLOp)]
        yield from outside[:1]


@rule(
    right='Wait until no running version needs what was there, a release later, and say phase = "contract".',
    bad='op.drop_column("user", "nickname")',
    good="""
    phase = "contract"
    op.drop_column("user", "nickname")
    """,
)
def contract_too_early(review: Review) -> Iterator[Recorded]:
    """The version that runs beside during the deploy trips over it."""
    if review.phase == "contract":
        return
    for step in review.steps:
        # A column that is added and a foreign key mostly come together; both have rules of their own.
        own = isinstance(step.op, (ops.AddColumnOp, ops.CreateForeignKeyOp)) or table_of(step) in review.created
        unknown = isinstance(step.op, ops.AlterColumnOp) and step.op.existing_type is None
        if not own and not unknown and effect_of(step, review.dialect).breaks and not is_new_unique(review, step):
            yield step


def is_new_unique(review: Review, step: Recorded) -> bool:
    """Whether a step makes columns unique that the revision adds itself."""
    if isinstance(step.op, (ops.CreateIndexOp, ops.CreateUniqueConstraintOp)):
        return review.adds_all(table_of(step), [str(column) for column in step.op.columns])
    return False


@rule(
    right='Say phase = "expand", "contract" or "data".',
    bad="""
    phase = "extend"
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))
    """,
    good="""
    phase = "expand"
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))
    """,
)
def unknown_phase(review: Review) -> Iterator[None]:
    """A deploy cannot tell when the revision may run."""
    if review.phase not in PHASES:
        yield None


@rule(
    right='Undo what upgrade did, or raise NotImplementedError("…") with the reason why that cannot be.',
    bad="""
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))


    def downgrade():
        pass
    """,
    good="""
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))


    def downgrade():
        op.drop_column("user", "phone")
    """,
)
def downgrade_missing(review: Review) -> Iterator[None]:
    """Whoever goes back is told that it worked, and the next upgrade finds what is still there."""
    empty = [f.name for f in review.tree.body if isinstance(f, ast.FunctionDef) and does_nothing(f)]
    if "downgrade" in empty and "upgrade" not in empty:
        yield None


def does_nothing(function: ast.FunctionDef) -> bool:
    """Whether a function is `pass`, a docstring or a bare return."""
    idle = (ast.Pass, ast.Constant)
    return all(isinstance(s, idle) or isinstance(getattr(s, "value", s), idle) for s in function.body)


@rule(
    right="Call it 0024_add_phone_to_user.py, by its revision and what it does; `flask db migrate` does.",
    bad="""
    revision = "add_phone"
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))
    """,
    good='op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))',
)
def wrong_file_name(review: Review) -> Iterator[None]:
    """The folder no longer shows the order of the revisions, or what they are about."""
    name = FILE_NAME.fullmatch(review.path.stem)
    if not name or name[1] != review.script.revision:
        yield None


@rule(
    right="Write sa.table(…) and sa.column(…) as they are at this revision.",
    bad="""
    from backoffice.models import Role

    phase = "data"
    op.execute(sa.delete(Role).where(Role.name == "guest"))
    """,
    good="""
    phase = "data"
    role = sa.table("role", sa.column("name", sa.String()))
    op.execute(sa.delete(role).where(role.c.name == "guest"))
    """,
)
def imports_models(review: Review) -> Iterator[None]:
    """Models move on: in a year the revision names columns that are not there yet when it runs."""
    for node in ast.walk(review.tree):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(f"{module}.".startswith("backoffice.models.") for module in modules):
            yield None


@rule(
    right="Write what it does as one statement, or look at op.get_context().as_sql before reading rows.",
    bad="""
    phase = "data"
    role = sa.table("role", sa.column("name", sa.String()))
    for name in op.get_bind().scalars(sa.select(role.c.name)):
        op.execute(sa.update(role).where(role.c.name == name).values(name=name.lower()))
    """,
    good="""
    phase = "data"
    role = sa.table("role", sa.column("name", sa.String()))
    op.execute(sa.update(role).where(role.c.name != "admin").values(name=sa.func.lower(role.c.name)))
    """,
)
def needs_database(review: Review) -> Iterator[None]:
    """Neither the lint nor the plan nor `flask db upgrade --sql` can tell what it does without a database's rows."""
    if review.stumbled:
        yield None


@rule(
    right="Write why the rule does not matter here, in a sentence of its own, under the rule's right name.",
    bad="""
    lint_ignore = {"contract-too-early": "ok"}
    op.drop_column("user", "nickname")
    """,
    good="""
    lint_ignore = {"contract-too-early": "No release has ever mapped the column: it came in by mistake."}
    op.drop_column("user", "nickname")
    """,
)
def ignore_without_reason(review: Review) -> Iterator[None]:
    """A rule is passed over, and nobody who reads it later knows why; or there is no such rule."""
    if any(name not in RULES or len(reason.strip()) < SHORTEST_REASON for name, reason in review.ignored.items()):
        yield None


@rule(
    right="Take it out of lint_ignore.",
    bad="""
    lint_ignore = {"contract-too-early": "No release has ever mapped the column: it came in by mistake."}
    op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))
    """,
    good='op.add_column("user", sa.Column("phone", sa.String(40), nullable=True))',
)
def ignore_unused(_review: Review) -> Iterator[None]:
    """A rule is passed over that finds nothing. Only a look on all databases can tell: see `findings`."""
    return iter(())
