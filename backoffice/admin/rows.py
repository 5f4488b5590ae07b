"""The rows of a list: each value as it is shown, the link to its record, and what the row is called aloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from backoffice.admin.base import BaseRecordView, quoted_key
from backoffice.admin.formatting import between
from backoffice.admin.presenters import Cell, Row
from backoffice.database.attributes import Kind
from backoffice.database.keys import key_text


class RowsView(BaseRecordView):
    """Records as the rows of a list."""

    def _rows(self, records: Sequence[Any], names: Sequence[str]) -> list[Row]:
        # All that is the same for every row is found once: a list is drawn thousands of times a day.
        details = self.page_url("details_view") + "?id=" if self.may("read") else ""
        edit = self.page_url("edit_view") + "?id=" if self.may("edit") else ""
        title = self._title_column(names)
        columns = [(name, found.kind if (found := self.find(name)) else Kind.TEXT, self.shown(name)) for name in names]
        rows = []
        for record in records:
            key = key_text(record)
            quoted = quoted_key(key)
            url = details and details + quoted
            label, named_by = str(record), ""
            cells = []
            for name, kind, show in columns:
                html = show(record)
                if url and name == title:
                    # Only where the link says it: it may show another column, or no value.
                    named_by = f"{self.endpoint}-{quoted}" if label and escape(label) in html else ""
                    identity = f' id="{named_by}"' if named_by else ""
                    html = between(f'<a class="record-link"{identity} href="{escape(url)}">', html, "</a>")
                # Templates take it for HTML; where `shown` is overridden and gives a plain text, it becomes some here.
                cells.append(Cell(name, kind, html if type(html) is Markup else escape(html)))
            rows.append(Row(key, label, cells, url, edit and edit + quoted, named_by))
        return rows

    def _title_column(self, names: Sequence[str]) -> str:
        """The column that leads to the record: its first text, else the first that leads nowhere else."""
        kinds = {name: found.kind for name in names if (found := self.find(name))}
        texts = [name for name, kind in kinds.items() if kind is Kind.TEXT]
        others = [name for name, kind in kinds.items() if kind is not Kind.ONE]
        return next(iter(texts + others), names[0])
