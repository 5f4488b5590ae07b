"""Files out of a model: the current list as CSV, and a record's binary values."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from flask import Response, request, send_file, stream_with_context
from flask_admin import expose
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice.admin.base import value_of
from backoffice.admin.formatting import escape_formula, export_value
from backoffice.admin.listing import ListingView
from backoffice.database.attributes import Kind, attribute
from backoffice.database.keys import key_text
from backoffice.database.selection import Selection
from backoffice.errors import NotFound
from backoffice.records.exporting import csv_lines


class ExportView(ListingView):
    """Downloads."""

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        """The rows the list shows, all pages of them, streamed as they come from the database."""
        self.require("export")
        if export_type not in self.export_types:
            known = ", ".join(self.export_types)
            raise NotFound(_("There is no export “%(kind)s”. There is: %(known)s.", kind=export_type, known=known))
        selection = Selection.read(request.args, self.asked())
        names = self.column_names(self._export_columns)
        statement = selection.ordered(selection.filtered(self.get_query()), self.db_session.get_bind().dialect.name)
        statement = statement.options(*self.loading(names), *self.light(names))
        lines = csv_lines(
            self.session.engine,
            statement,
            [escape_formula(self.label(name)) for name in names],
            lambda record: [self.export_text(record, name) for name in names],
        )
        stamp = datetime.now(UTC).strftime("%Y-%m-%d_%H-%M-%S")
        disposition = f"attachment; filename={self.endpoint}_{stamp}.csv"
        return Response(
            stream_with_context(line.encode() for line in lines),
            mimetype="text/csv",
            headers={"Content-Disposition": disposition, "X-Accel-Buffering": "no"},
        )

    def export_text(self, record: Any, name: str) -> Any:
        """One value of an export: the declared export formatter, else the exact value; formulas cannot run."""
        formatter = (self.column_formatters_export or {}).get(name)
        if formatter is not None:
            shown = formatter(self, None, record, name)
            return escape_formula(shown.striptags() if isinstance(shown, Markup) else str(shown))
        found, value = attribute(self.model, name), value_of(record, name)
        if found.kind is Kind.ONE:
            return escape_formula(str(value)) if value is not None else ""
        return export_value(found, value)

    @expose("/download/")
    def download_view(self) -> Any:
        """A binary value of a record, as a file that no browser opens by itself."""
        name = request.args.get("name", "")
        record = self.fetch(request.args.get("id"))
        shown = {*self.column_names(self._details_columns), *self._edit_form_class().data}
        found = self.find(name) if name in shown else None
        value = getattr(record, name) if found and found.kind is Kind.BINARY else None
        if value is None:
            raise NotFound(_("This record has no file “%(name)s”.", name=name))
        return send_file(
            BytesIO(value),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=f"{self.endpoint}-{key_text(record)}-{name}.bin",
        )
