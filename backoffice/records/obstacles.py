"""What stands in the way of bringing a deleted record back, and what of it can be put back as things are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from backoffice.database.keys import hold_one_of
from backoffice.models import DeletedPart, DeletedRecord, Model
from backoffice.records.foreign_links import batches
from backoffice.records.keeping import is_link, key_of, model_of, value

Row = dict[str, Any]


@dataclass
class Obstacles:
    """What stands in the way: `blocking` sentences forbid it, `losses` say what would not come back."""

    blocking: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


@dataclass
class Plan:
    """The rows to insert, by table, and the records to link again, as they can be put back now."""

    rows: dict[str, list[Row]]
    unlinked: list[tuple[str, Row]]
    obstacles: Obstacles


def plan(session: Session, deleted: DeletedRecord) -> Plan:
    """Look at what was kept and at what is there now."""
    rows: dict[str, list[Row]] = defaultdict(list)
    unlinked: list[tuple[str, Row]] = []
    parts = session.scalars(
        sa.select(DeletedPart).where(DeletedPart.record_id == deleted.id).order_by(DeletedPart.number)
    )
    for part in parts:
        found = [dict(zip(part.columns, row, strict=True)) for row in part.rows]
        if part.kind == "row":
            rows[part.table_name] += found
        else:
            unlinked += [(part.table_name, row) for row in found]
    made = Plan(dict(rows), unlinked, Obstacles())
    _check(session, deleted, made)
    return made


def _check(session: Session, deleted: DeletedRecord, made: Plan) -> None:
    if deleted.table_name not in Model.metadata.tables or not made.rows.get(deleted.table_name):
        made.obstacles.blocking.append(_("Its table is not there any more."))
        return
    if unknown := _unknown(made):
        # What only another version of the product can put back would otherwise be lost with it.
        made.obstacles.blocking.append(
            _("A newer version of the product has kept something of it that this one does not know (%(names)s): "
              "restore it there.", names=", ".join(unknown))
        )  # fmt: skip
        return
    _rows_taken(session, deleted.table_name, made)
    _others_gone(session, deleted.table_name, made)
    _moved_meanwhile(session, made)


def _unknown(made: Plan) -> list[str]:
    """Tables and links that another version of the product knows; a mere column of such is left to its default."""
    tables = Model.metadata.tables
    links = {
        f"{name}.{column}"
        for name, row in made.unlinked
        if name in tables
        for column in row.keys() - tables[name].c.keys()
    }
    return sorted({*made.rows, *(name for name, _row in made.unlinked)} - tables.keys() | links)


def _rows_taken(session: Session, own: str, made: Plan) -> None:
    """Keys and values that have to be unique and belong to another record by now."""
    for name, rows in list(made.rows.items()):
        table = Model.metadata.tables[name]
        for columns in _uniques(table):
            taken = _standing(session, table, columns, rows)
            if not taken:
                continue
            held = [row for row in rows if _values(table, columns, row) in taken]
            if model_of(table) is not None and is_link(model_of(table)) and name != own:
                made.rows[name] = _but(rows, held)
                continue
            words = ", ".join(f"{c.name} “{held[0][c.name]}”" for c in columns)
            made.obstacles.blocking.append(
                _("Another record has %(values)s by now: change that one first, then restore.", values=words)
            )


def _others_gone(session: Session, own: str, made: Plan) -> None:
    """Records that these rows point at and that are gone: links stay away, an empty foreign key stays possible."""
    for name, rows in list(made.rows.items()):
        table = Model.metadata.tables[name]
        for constraint in table.foreign_key_constraints:
            columns, target = list(constraint.columns), constraint.referred_table
            remote = [element.column for element in constraint.elements]
            pointing = [row for row in rows if all(row.get(c.name) is not None for c in columns)]
            wanted = {_values(table, columns, row) for row in pointing}
            there = _present(session, remote, wanted) | {
                tuple(value(target, c.name, row[c.name]) for c in remote) for row in made.rows.get(target.name, ())
            }
            missing = [row for row in pointing if _values(table, columns, row) not in there]
            if missing:
                rows = _without(made, name, own, columns, target, missing)


def _without(
    made: Plan, name: str, own: str, columns: Sequence[sa.Column[Any]], target: sa.Table, missing: list[Row]
) -> list[Row]:
    rows = made.rows[name]
    if all(c.nullable for c in columns):
        for row in missing:
            row.update({c.name: None for c in columns})
        made.obstacles.losses.append(
            _("The %(table)s it belonged to is gone (%(key)s): it would come back without.",
              table=target.name, key=", ".join(f"{c.name}" for c in columns))
            if name == own
            else ngettext("%(num)s record would come back without its %(table)s, which is gone.",
                        "%(num)s records would come back without their %(table)s, which is gone.",
                        len(missing), table=target.name)
        )  # fmt: skip
    elif name == own:
        made.obstacles.blocking.append(
            _("The %(table)s it belongs to is gone: restore that one first.", table=target.name)
        )
    else:
        made.rows[name] = rows = _but(rows, missing)
        made.obstacles.losses.append(
            ngettext("%(num)s link leads to a %(table)s that is gone and would not come back.",
                     "%(num)s links lead to a %(table)s that is gone and would not come back.",
                     len(missing), table=target.name)
        )  # fmt: skip
    return rows


def _but(rows: list[Row], left_out: list[Row]) -> list[Row]:
    """Very many may be left out: they are the very same rows, and are not compared."""
    gone = set(map(id, left_out))
    return [row for row in rows if id(row) not in gone]


def _moved_meanwhile(session: Session, made: Plan) -> None:
    """Records that lost their link when this one went and belong to somebody else by now, or are gone."""
    moved = 0
    for name in {name for name, _row in made.unlinked}:
        table = Model.metadata.tables[name]
        key = [c.name for c in table.primary_key]
        rows = [row for other, row in made.unlinked if other == name]
        free = 0
        for portion in batches(rows):
            columns = [table.c[n] for n in portion[0] if n not in key]
            statement = sa.select(sa.func.count()).select_from(table)
            here = hold_one_of(list(table.primary_key), [key_of(table, row) for row in portion])
            free += session.scalar(statement.where(here, *(c.is_(None) for c in columns))) or 0
        moved += len(rows) - free
    if moved:
        made.obstacles.losses.append(
            ngettext(
                "%(num)s record that belonged to it is gone or belongs to another one by now, and stays so.",
                "%(num)s records that belonged to it are gone or belong to another one by now, and stay so.",
                moved,
            )
        )


def _uniques(table: sa.Table) -> Iterator[list[sa.Column[Any]]]:
    yield list(table.primary_key)
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            yield list(constraint.columns)
    for index in table.indexes:
        if index.unique:
            yield list(index.columns)


def _standing(
    session: Session, table: sa.Table, columns: list[sa.Column[Any]], rows: Sequence[Row]
) -> set[tuple[Any, ...]]:
    filled = [row for row in rows if all(row.get(c.name) is not None for c in columns)]
    return _present(session, columns, {_values(table, columns, row) for row in filled})


def _present(session: Session, columns: Sequence[Any], wanted: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Which of these values stand in the table now, by its own way of comparing."""
    found: set[tuple[Any, ...]] = set()
    for portion in batches(sorted(wanted, key=repr)):
        present = {tuple(row) for row in session.execute(sa.select(*columns).where(hold_one_of(columns, portion)))}
        # A collation takes more for equal than Python does: then the ones asked for are told apart by asking singly.
        found |= present & set(portion)
        if present - set(portion):
            found |= {v for v in portion if _stands(session, columns, v)}
    return found


def _stands(session: Session, columns: Sequence[Any], values: tuple[Any, ...]) -> bool:
    here = [c == v for c, v in zip(columns, values, strict=True)]
    return session.execute(sa.select(sa.literal(1)).where(*here).limit(1)).first() is not None


def _values(table: sa.Table, columns: Sequence[Any], row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(value(table, c.name, row.get(c.name)) for c in columns)
