"""Counting what is linked by the link table alone, where each of its rows stands for one related record."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import RelationshipProperty

from backoffice.database.selection import whole


def counted_links(
    record: Any, relation: RelationshipProperty[Any], rows: sa.Select[Any], links: sa.Select[Any] | None
) -> sa.Select[Any] | None:
    """As many rows as `rows` of the related model has that are linked to `record` by `links`; one index serves it.

    None where the two might differ: either leaves something out, or a link may stand twice or lead nowhere.
    """
    table = relation.secondary
    if not isinstance(table, sa.Table) or not _leaves_nothing_out(rows) or not _leaves_nothing_out(links):
        return None
    far = [remote for _, remote in relation.secondary_synchronize_pairs or []]
    own = [(local, remote) for local, remote in relation.synchronize_pairs if remote.table is table]
    named = {column.key for column in (*far, *(remote for _, remote in own))}
    if named != set(table.primary_key.columns.keys()) or not all(column.foreign_keys for column in far):
        return None
    values = [remote == getattr(record, relation.parent.get_property_by_column(local).key) for local, remote in own]
    return sa.select(sa.literal_column("1")).select_from(table).where(*values)


def _leaves_nothing_out(rows: sa.Select[Any] | None) -> bool:
    """Whether a statement asks for every row of a model, or there is none that could leave out one."""
    if rows is None:
        return True
    model = rows.column_descriptions[0]["entity"]
    mapper = sa.inspect(model, raiseerr=False)
    if mapper is None or not mapper.is_mapper or mapper.inherits is not None:
        return False
    everything = whole(model)
    return rows is everything or rows.compare(everything)
