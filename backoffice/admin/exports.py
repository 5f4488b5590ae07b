"""Files out of a model: the rows of a list as CSV, XLSX or JSON lines, and a record's binary values."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import current_app, request, send_file
from flask_admin import expose
from markupsafe import Markup

from backoffice.admin.columns import own_columns, read_columns
from backoffice.admin.downloads import send_while_made
from backoffice.admin.filter_pages import FilterView
from backoffice.admin.replica import reading
from backoffice.database.attributes import Attribute, Kind, is_secret
from backoffice.database.keys import key_text
from backoffice.database.reading import quoted
from backoffice.errors import BadInput, NotFound
from backoffice.i18n import gettext as _
from backoffice.records.exporting import FORMATS, Column, Source, export


class ExportView(FilterView):
    """Downloads."""

    export_types: Any = tuple(FORMATS)

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        """The rows the list shows, all pages of them, streamed as they come from the database."""
        self.require("export")
        if export_type not in self.export_types:
            known = ", ".join(self.export_types)
            raise NotFound(
                _("There is no export “%(kind)s”. There is: %(known)s.", kind=quoted(export_type), known=known)
            )
        opened, selection = self.open_asked()
        names = self.exported_columns(opened.arguments.get("columns", ""))
        with reading(self.db_session):
            engine = self.db_session.get_bind().engine
        source = Source(
            engine,
            selection.ordered(self.db_session.get_bind().dialect.name),
            self.model,
            [Column(name, self.label(name), self.find(name), self._export_reader(name)) for name in names],
            seconds=current_app.extensions["backoffice"].export_minutes * 60,
            options=[*self.loading(names), *self.light(names)],
        )
        today = selection.asker.now.astimezone(selection.asker.zone).date().isoformat()
        name = "-".join(filter(None, (self.endpoint, opened.base.name if opened.base else "", today)))
        # The file has a connection of its own: this one goes back before the first row is read.
        self.db_session.close()
        chunks = export(export_type, source, str(self.name))
        return send_while_made(chunks, FORMATS[export_type].mimetype, f"{name}.{export_type}")

    def exported_columns(self, text: str) -> list[str]:
        """The columns that the address asks for, as in the list; without any, the view's export columns.

        Passwords and what the product keeps for itself are in no file, whatever a view declares.
        """
        asked = (read_columns(self, text) or own_columns(self)) if text else self.column_names(self._export_columns)
        names = [name for name in asked if not _is_private(self.find(name))]
        if not names:
            raise BadInput(_("There is no column to export. Choose one of those the list shows."))
        return names

    def _export_reader(self, name: str) -> Callable[[Any], str] | None:
        """The declared formatter of an export; the list's own for a column that only the list shows."""
        formatter = (self.column_formatters_export or {}).get(name)
        if formatter is None and name not in self.column_names(self._export_columns):
            formatter = (self.column_formatters or {}).get(name)
        if formatter is None:
            return None

        def read(record: Any) -> str:
            shown = formatter(self, None, record, name)
            return shown.striptags() if isinstance(shown, Markup) else str(shown)

        return read

    @expose("/download/")
    def download_view(self) -> Any:
        """A binary value of a record, as a file that no browser opens by itself."""
        name = request.args.get("name", "")
        record = self.fetch(request.args.get("id"))
        shown = {*self.column_names(self._details_columns), *self._edit_form_class().data}
        found = self.find(name) if name in shown else None
        value = getattr(record, name) if found and found.kind is Kind.BINARY else None
        if value is None:
            raise NotFound(_("This record has no file “%(name)s”.", name=quoted(name)))
        return send_file(
            BytesIO(value),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=f"{self.endpoint}-{key_text(record)}-{name}.bin",
        )


def _is_private(found: Attribute | None) -> bool:
    """Whether a column holds a secret, or is kept for the product's own use."""
    if found is None:
        return False
    secret = is_secret(found) and found.kind in (Kind.TEXT, Kind.BINARY)
    return secret or (found.column is not None and bool(found.column.info.get("internal")))
