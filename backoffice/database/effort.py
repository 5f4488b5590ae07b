"""How much the database may do for one page of a list."""

from __future__ import annotations

# Rows are counted to here, and no further.
CAP = 10_000
# The count stands beside the page and must not hold it.
SECONDS_OF_COUNTING = 0.3
# So many rows are looked at one by one where the search index has too many hits: a common word fills the page from
# them, and every hit would have to be sorted.
PROBED = 2_000
# So many hits of a search are looked up in the table, to see whether a filter or what a person may see lets them in.
LOOKED_UP = 4_000
