"""What operations are said to cost is what they cost: told by the real servers, without a clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.operations.lint.effects import Cost, effect_of
from backoffice.operations.lint.recording import Recorded, product, record
from tests.databases import Databases
from tests.operations.lint.revisions import revision

TABLES = (
    "DROP TABLE IF EXISTS renamed, probe, parent",
    "CREATE TABLE parent (id INT PRIMARY KEY)",
    """CREATE TABLE probe (
        id INT PRIMARY KEY, short VARCHAR(40) NULL, middle VARCHAR(100) NOT NULL DEFAULT 'x', number INT NULL,
        amount DECIMAL(10, 2) NULL, parent_id INT NULL, CONSTRAINT ck_probe_number CHECK (number > 0))""",
    "CREATE INDEX ix_probe_short ON probe (short)",
    "INSERT INTO probe (id, short, number) VALUES (1, 'a', 1), (2, 'b', 2)",
)
SHORT = "existing_type=sa.String(40), existing_nullable=True"
INSTANT, IN_PLACE, BLOCKS, COPIES = Cost.INSTANT, Cost.IN_PLACE, Cost.BLOCKS_WRITES, Cost.COPIES
# What costs what: on MariaDB and on PostgreSQL; None where there is no such thing.
CLAIMS: dict[str, tuple[Cost | None, Cost | None]] = {
    'op.add_column("probe", sa.Column("new", sa.Integer()))': (INSTANT, INSTANT),
    'op.add_column("probe", sa.Column("new", sa.Integer(), server_default="0", nullable=False))': (INSTANT, INSTANT),
    'op.add_column("probe", sa.Column("new", sa.DateTime(), server_default=sa.func.now()))': (INSTANT, INSTANT),
    'op.add_column("probe", sa.Column("new", sa.String(36), server_default=sa.text("(uuid())")))': (COPIES, None),
    'op.add_column("probe", sa.Column("new", sa.Uuid(), server_default=sa.func.gen_random_uuid()))': (None, COPIES),
    'op.add_column("probe", sa.Column("new", sa.Integer(), sa.Computed("id + 1", persisted=True)))': (COPIES, COPIES),
    'op.add_column("probe", sa.Column("new", sa.Integer(), sa.Computed("id + 1", persisted=False)))': (INSTANT, None),
    'op.add_column("probe", sa.Column("new", sa.Integer(), sa.Identity()))': (None, COPIES),
    'op.add_column("probe", sa.Column("new", sa.Integer(), sa.ForeignKey("parent.id", name="fk")))': (COPIES, BLOCKS),
    'op.add_column("probe", sa.Column("new", sa.Integer(), sa.ForeignKey("parent.id", name="fk")),'
    " inline_references=True)": (None, INSTANT),
    'op.drop_column("probe", "number")': (None, INSTANT),
    'op.drop_column("probe", "amount")': (INSTANT, INSTANT),
    f'op.alter_column("probe", "short", new_column_name="brief", {SHORT})': (INSTANT, INSTANT),
    f'op.alter_column("probe", "short", type_=sa.String(60), {SHORT})': (INSTANT, INSTANT),
    f'op.alter_column("probe", "short", type_=sa.String(100), {SHORT})': (COPIES, INSTANT),
    f'op.alter_column("probe", "short", type_=sa.Text(), {SHORT})': (None, INSTANT),
    f'op.alter_column("probe", "short", type_=sa.String(20), {SHORT})': (COPIES, COPIES),
    f'op.alter_column("probe", "short", nullable=False, {SHORT})': (IN_PLACE, BLOCKS),
    'op.alter_column("probe", "middle", type_=sa.String(200), existing_type=sa.String(100), existing_nullable=False,'
    ' existing_server_default="x")': (INSTANT, INSTANT),
    'op.alter_column("probe", "middle", nullable=True, existing_type=sa.String(100), existing_server_default="x")': (
        IN_PLACE,
        INSTANT,
    ),
    'op.alter_column("probe", "middle", server_default=None)': (INSTANT, INSTANT),
    'op.alter_column("probe", "middle", server_default="y")': (INSTANT, INSTANT),
    'op.alter_column("probe", "parent_id", type_=sa.BigInteger(), existing_type=sa.Integer(),'
    " existing_nullable=True)": (COPIES, COPIES),
    'op.alter_column("probe", "amount", type_=sa.Numeric(12, 2), existing_type=sa.Numeric(10, 2),'
    " existing_nullable=True)": (COPIES, INSTANT),
    'op.create_index("ix_new", "probe", ["number"])': (IN_PLACE, BLOCKS),
    'op.create_index("ix_new", "probe", ["number"], unique=True)': (IN_PLACE, BLOCKS),
    'op.create_unique_constraint("uq_new", "probe", ["number"])': (IN_PLACE, BLOCKS),
    'op.drop_index("ix_probe_short", "probe")': (IN_PLACE, INSTANT),
    'op.create_foreign_key("fk_new", "probe", "parent", ["parent_id"], ["id"])': (COPIES, BLOCKS),
    'op.create_foreign_key("fk", "probe", "parent", ["parent_id"], ["id"], postgresql_not_valid=True)': (None, INSTANT),
    'op.create_check_constraint("ck_new", "probe", "id > 0")': (COPIES, BLOCKS),
    'op.create_check_constraint("ck_new", "probe", "id > 0", postgresql_not_valid=True)': (None, INSTANT),
    'op.execute("ALTER TABLE probe VALIDATE CONSTRAINT ck_later")': (None, IN_PLACE),
    'op.drop_constraint(op.f("ck_probe_number"), "probe", type_="check")': (INSTANT, INSTANT),
    'op.rename_table("probe", "renamed")': (INSTANT, INSTANT),
}  # fmt: skip
NOT_THAT_WAY = (1845, 1846)
ALGORITHMS = {INSTANT: "INSTANT", IN_PLACE: "INPLACE", COPIES: "COPY"}


@pytest.fixture(scope="module")
def connect(databases: Databases) -> Iterator[Callable[[str], sa.Connection]]:
    """A connection to a database for these tests alone, with the tables as they are before each operation."""
    engines: dict[str, sa.Engine] = {}
    opened: list[sa.Connection] = []

    def open_anew(backend: str) -> sa.Connection:
        if backend not in engines:
            app = databases.make_app(databases.create(backend))
            with app.app_context():
                engines[backend] = app.extensions["sqlalchemy"].engine
        connection = engines[backend].connect()
        opened.append(connection)
        for statement in TABLES:
            connection.exec_driver_sql(statement)
        connection.commit()
        return connection

    yield open_anew
    for connection in opened:
        connection.close()
    for engine in engines.values():
        engine.dispose()


@pytest.mark.server_only
def test_operations_cost_what_is_said(backend: str, connect: Callable[[str], sa.Connection], tmp_path: Path) -> None:
    measure = measured_on_postgresql if backend == "postgresql" else measured_on_mysql
    claims = {example: costs[backend == "postgresql"] for example, costs in CLAIMS.items()}
    said, measured = {}, {}
    for example in (example for example, cost in claims.items() if cost is not None):
        with connect(backend) as connection:
            [step] = record(revision(tmp_path, example), connection.dialect)
            said[example] = effect_of(step, product(connection.dialect)).cost
            measured[example] = measure(connection, step)
    assert said == measured
    assert said == {example: cost for example, cost in claims.items() if cost is not None}


def measured_on_mysql(connection: sa.Connection, step: Recorded) -> Cost:
    """The cheapest way that the server agrees to, of all the statements the dearest."""
    costs = []
    for written in step.statements:
        # This has no place for an algorithm.
        statement = re.sub(r"^DROP INDEX (\S+) ON (\S+)", r"ALTER TABLE \2 DROP INDEX \1", written)
        for cost, algorithm in ALGORITHMS.items():
            lock = "LOCK=NONE" if cost is IN_PLACE else ""
            comma = " " if statement.startswith(("CREATE INDEX", "CREATE UNIQUE")) else ", "
            try:
                connection.exec_driver_sql(comma.join(filter(None, (statement, f"ALGORITHM={algorithm}", lock))))
            except sa.exc.DBAPIError as refusal:
                if getattr(refusal.orig, "args", ())[0] not in NOT_THAT_WAY:
                    raise
            else:
                costs.append(cost)
                break
    return max(costs, key=list(Cost).index)


def measured_on_postgresql(connection: sa.Connection, step: Recorded) -> Cost:
    """A new file: copied. Rows read: in place where its lock lets writers in, else not. Neither: instant."""
    if "ck_later" in "".join(step.statements):
        connection.exec_driver_sql("ALTER TABLE probe ADD CONSTRAINT ck_later CHECK (id > 0) NOT VALID")
        connection.commit()
    table = connection.scalar(sa.text("SELECT 'probe'::regclass::oid"))
    seen = sa.text("SELECT pg_relation_filenode(:table), pg_stat_get_xact_numscans(:table)").bindparams(table=table)
    before = connection.execute(seen).one()
    for statement in step.statements:
        connection.exec_driver_sql(statement)
    after: Any = connection.execute(seen).one()
    modes = sa.text("SELECT mode FROM pg_locks WHERE relation = :table AND pid = pg_backend_pid()")
    locks = set(connection.scalars(modes, {"table": table}))
    connection.rollback()
    if before[0] != after[0]:
        return COPIES
    if before[1] == after[1]:
        return INSTANT
    return BLOCKS if locks & {"ShareLock", "ShareRowExclusiveLock", "AccessExclusiveLock"} else IN_PLACE


@pytest.mark.parametrize(
    ("example", "breaks"),
    [
        ('op.add_column("probe", sa.Column("new", sa.Integer()))', False),
        ('op.add_column("probe", sa.Column("new", sa.Integer(), server_default="0", nullable=False))', False),
        ('op.add_column("probe", sa.Column("new", sa.Integer(), nullable=False))', True),
        ('op.drop_column("probe", "number")', True),
        ('op.create_index("ix_new", "probe", ["number"])', False),
        ('op.create_index("ix_new", "probe", ["number"], unique=True)', True),
        ('op.drop_index("ix_probe_short", "probe")', False),
        (f'op.alter_column("probe", "short", type_=sa.String(60), {SHORT})', False),
        (f'op.alter_column("probe", "short", type_=sa.String(20), {SHORT})', True),
        (f'op.alter_column("probe", "short", nullable=False, {SHORT})', True),
        ('op.alter_column("probe", "short", nullable=True, existing_type=sa.String(40))', False),
        ('op.drop_table("probe")', True),
    ],
)
def test_what_the_version_beside_trips_over_is_told(example: str, breaks: bool, tmp_path: Path) -> None:
    for dialect in ("mysql", "mariadb", "postgresql"):
        [step] = record(revision(tmp_path, example), dialect)
        assert bool(effect_of(step, dialect).breaks) is breaks, dialect


def test_the_column_as_it_is_counts_more_than_what_the_revision_says(tmp_path: Path) -> None:
    [step] = record(revision(tmp_path, f'op.alter_column("probe", "short", type_=sa.String(60), {SHORT})'), "mariadb")
    found: Any = {"name": "short", "type": sa.String(200), "nullable": True, "default": None}
    assert effect_of(step, "mariadb").cost is INSTANT
    assert effect_of(step, "mariadb", existing=found).cost is COPIES


@pytest.mark.parametrize(
    ("sql", "cost"),
    [
        ("UPDATE probe SET number = 1", BLOCKS),
        ("/* all */ DELETE FROM probe", BLOCKS),
        ("INSERT INTO probe (id) VALUES (3)", INSTANT),
        ("INSERT INTO probe (id) SELECT id FROM parent", BLOCKS),
        ("SET SESSION foreign_key_checks = 0", INSTANT),
        ("OPTIMIZE TABLE probe", BLOCKS),
    ],
)
def test_raw_sql_is_known_by_its_words_else_the_worst_is_assumed(sql: str, cost: Cost, tmp_path: Path) -> None:
    [step] = record(revision(tmp_path, f"op.execute({sql!r})"), "mariadb")
    assert effect_of(step, "mariadb").cost is cost
