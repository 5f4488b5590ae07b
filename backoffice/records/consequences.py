"""What a deletion would do to other records: what goes along, what lets go, what forbids it, what may be chosen.

The foreign keys' own rules say what becomes of the records that point at one. A model may offer other ways, by
`info={"when_deleted": (…)}` on the relation: people then choose, and the first is proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty, Session

from backoffice.database.attributes import once as once_found
from backoffice.database.keys import hold_one_of
from backoffice.database.time_limits import limited
from backoffice.errors import BadInput, Conflict

COUNT_CAP = 10_000
# Records that one deletion may change beside those it deletes: each is locked and written down.
MOST_TOUCHED = 20_000

# The other records go too; only the links to them go; they stay with an empty foreign key; they get another owner;
# they forbid it.
Rule = Literal["delete", "links", "unlink", "hand over", "refuse"]


@dataclass(frozen=True)
class Consequence:
    """What a deletion does to the records at the other end of a relation; `count` stops above COUNT_CAP.

    `choices` are the ways one may choose from, where there is more than one.
    """

    relation: str
    rule: Rule
    count: int
    choices: tuple[Rule, ...] = ()

    @property
    def capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > COUNT_CAP


@dataclass(frozen=True)
class Choice:
    """What is to become of the records of one relation; `to` is who they are handed over to."""

    rule: Rule
    to: Any = None


def consequences(session: Session, records: Sequence[Any]) -> list[Consequence]:
    """What else a deletion of these records of one model would touch, and what may be chosen."""
    if not records:
        return []
    return _found(session, type(records[0]), lambda relation: points_at(relation, records))


def consequences_of_all(session: Session, model: type[Any], rows: sa.Select[Any], seconds: float) -> list[Consequence]:
    """The same for all of these rows of a model, however many; TooBroad where counting takes longer than `seconds`."""

    def points_at_rows(relation: RelationshipProperty[Any]) -> sa.ColumnElement[bool]:
        pairs = relation.synchronize_pairs
        keys = rows.order_by(None).with_only_columns(*(local for local, _remote in pairs), maintain_column_froms=True)
        remote = [remote for _local, remote in pairs]
        return (remote[0] if len(remote) == 1 else sa.tuple_(*remote)).in_(keys)

    return _found(session, model, points_at_rows, seconds)


def _found(
    session: Session,
    model: type[Any],
    pointing: Callable[[RelationshipProperty[Any]], sa.ColumnElement[bool]],
    seconds: float | None = None,
) -> list[Consequence]:
    found: list[Consequence] = []
    for relation in sa.inspect(model).relationships:
        choices = ways(relation)
        if not choices:
            continue
        rows = sa.select(sa.literal(1)).where(pointing(relation)).limit(COUNT_CAP + 1).subquery()
        counted = sa.select(sa.func.count()).select_from(rows)
        count = session.scalar(limited(counted, seconds) if seconds else counted) or 0
        if count:
            found.append(Consequence(relation.key, choices[0], count, choices if len(choices) > 1 else ()))
    return found


def ways(relation: RelationshipProperty[Any]) -> tuple[Rule, ...]:
    """What may become of the records that point here when this one goes: the first is proposed, none for none."""
    if relation.direction.name == "MANYTOONE":
        return ()
    declared: tuple[Rule, ...] = relation.info.get("when_deleted", ())
    return declared or (rule_of(relation),)


def chosen_ways(session: Session, records: Sequence[Any], choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """What is to become of each relation that has records; a BadInput or Conflict where that cannot be."""
    chosen: dict[str, Choice] = {}
    touched = 0
    for found in consequences(session, records):
        relation = sa.inspect(type(records[0])).relationships[found.relation]
        # Where nobody was asked: what the foreign key says.
        choice = choices.get(found.relation, Choice(rule_of(relation)))
        if choice.rule not in (*ways(relation), rule_of(relation)) or choice.rule == "refuse":
            raise Conflict(_("It cannot be deleted while other records refer to it. Remove or move those first."))
        if choice.rule == "hand over" and (choice.to is None or choice.to in records):
            raise BadInput(_("Choose to whom they are handed over: a record that is not deleted itself."))
        if choice.rule != "links":
            touched += session.scalar(
                sa.select(sa.func.count()).select_from(
                    sa.select(sa.literal(1)).where(points_at(relation, records)).limit(MOST_TOUCHED + 1).subquery()
                )
            ) or 0  # fmt: skip
        chosen[found.relation] = choice
    if touched > MOST_TOUCHED:
        raise Conflict(
            _("More than %(most)s records depend on it, too many to change at once. Move some of them first.",
              most=MOST_TOUCHED)
        )  # fmt: skip
    return chosen


def refuse_unseen(session: Session, records: Sequence[Any]) -> None:
    """Rows that the database would delete or unlink by itself, by a foreign key that no relation follows, forbid it."""
    for columns in _unfollowed(type(records[0])) if records else ():
        keys = [tuple(sa.inspect(record).identity) for record in records]
        if session.execute(sa.select(1).where(hold_one_of(columns, keys)).limit(1)).first():
            raise Conflict(
                _("“%(table)s” has rows that would go with it unseen. A developer has to give them a relation first.",
                  table=columns[0].table.name)
            )  # fmt: skip


@once_found
def _unfollowed(model: type[Any]) -> list[list[Any]]:
    """The columns of each foreign key with a rule that leads to a model's key and is no part of its relations."""
    followed = {
        frozenset(remote for _local, remote in relation.synchronize_pairs)
        for relation in sa.inspect(model).relationships
        if relation.direction.name != "MANYTOONE"
    }
    return [
        list(key.columns)
        for table in model.metadata.tables.values()
        for key in table.foreign_key_constraints
        if key.referred_table is model.__table__ and key.ondelete and frozenset(key.columns) not in followed
    ]


def rule_of(relation: RelationshipProperty[Any]) -> Rule:
    """What the database does to the rows that point here when this record goes."""
    if relation.secondary is not None:
        return "links"
    rules = {
        (fk.ondelete or "").upper() for _, remote in relation.local_remote_pairs or [] for fk in remote.foreign_keys
    }
    return "delete" if rules == {"CASCADE"} else "unlink" if rules == {"SET NULL"} else "refuse"


def points_at(relation: RelationshipProperty[Any], records: Sequence[Any]) -> sa.ColumnElement[bool]:
    """The rows (of the link table, or of the related one) whose foreign key names one of the records."""
    pairs = relation.synchronize_pairs
    if len(pairs) == 1:
        local, remote = pairs[0]
        key = relation.parent.get_property_by_column(local).key
        return remote.in_([getattr(record, key) for record in records])
    return sa.or_(
        *(
            sa.and_(
                *(
                    remote == getattr(record, relation.parent.get_property_by_column(local).key)
                    for local, remote in pairs
                )
            )
            for record in records
        )
    )
