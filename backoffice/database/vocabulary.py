"""What a list can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.database.attributes import Attribute
from backoffice.database.sorting import SortKey


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The columns that can be searched, filtered and sorted by, under their public names."""

    model: type[Any]
    searchable: Mapping[str, Attribute] = field(default_factory=dict)
    filterable: Mapping[str, Attribute] = field(default_factory=dict)
    sortable: Mapping[str, Attribute] = field(default_factory=dict)
    default_sort: tuple[SortKey, ...] = ()
