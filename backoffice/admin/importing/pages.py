"""What the pages before a dry run show: the form that takes a file, and the one that says which column fills what."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from flask import current_app
from flask_babel import format_decimal, ngettext

from backoffice.admin.importing.cells import text_of
from backoffice.admin.importing.declared import BOTH, CREATE, UPDATE, modes
from backoffice.admin.importing.mapping import Mapping, Target, targets
from backoffice.admin.once import FORM_ID, new_form_id
from backoffice.admin.presenters_importing import ColumnOfFile, MappingPage, UploadPage
from backoffice.database.attributes import Kind
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.records.importing import FileKind, Layout, Row, kept, rows
from backoffice.records.importing.kept import ImportFile
from backoffice.records.importing.reading import kept_cell

SAMPLES, LONGEST_SAMPLE = 5, 60
KINDS = {FileKind.CSV: "CSV", FileKind.XLSX: "Excel (XLSX)", FileKind.JSON_LINES: "JSON lines"}


def upload_page(view: Any, back: str, problem: str = "") -> UploadPage:
    """The form that takes a file."""
    return UploadPage(
        title=_("Import: %(records)s", records=view.name),
        post_url=view.page_url("import_view", url=back),
        cancel_url=back,
        form_id=new_form_id(),
        most=current_app.extensions["backoffice"].most_of_upload // 1024**2,
        fields=[target.label for target in targets(view).values()],
        problem=problem,
    )


def mapping_page(view: Any, found: ImportFile, mapping: Mapping, back: str, problem: str = "") -> MappingPage:
    """The form that says which column fills what."""
    layout, known = found.read_layout(), targets(view)
    uploads = current_app.extensions["backoffice"].uploads
    samples = _samples(kept.path_of(uploads, found.token), layout)
    return MappingPage(
        title=_("Import: %(records)s", records=view.name),
        post_url=view.page_url("import_view", url=back),
        sheet_url=view.page_url("import_view"),
        cancel_url=back,
        hidden=[(FORM_ID, new_form_id()), ("file", found.token), ("sheet", layout.sheet)],
        file_name=found.name,
        found=_found(layout),
        rows=_rows(found),
        sheets=layout.sheets if len(layout.sheets) > 1 else (),
        sheet=layout.sheet,
        columns=[
            ColumnOfFile(number, name, [_sample(row, name, layout) for row in samples],
                         mapping.columns.get(name, ""), mapping.columns.get(name, "") in mapping.match)
            for number, name in enumerate(layout.columns)
        ],
        fields=_words(known, is_field=True),
        keys=_words(known, is_field=False),
        modes=[(mode, *_mode_words(mode)) for mode in modes(view)],
        mode=mapping.mode,
        problem=problem,
    )  # fmt: skip


def mode_label(mode: str) -> str:
    """What a way of importing is called."""
    return _mode_words(mode)[0]


def _words(known: dict[str, Target], *, is_field: bool) -> list[tuple[str, str]]:
    return [(target.name, target.label) for target in known.values() if target.is_field is is_field]


def _mode_words(mode: str) -> tuple[str, str]:
    return {
        BOTH: (_("Create and change"), _("A row whose record exists changes it, any other makes a new one.")),
        CREATE: (_("Only create"), _("A row whose record exists already is told as wrong.")),
        UPDATE: (_("Only change"), _("A row whose record does not exist is told as wrong.")),
    }[mode]


def _rows(found: ImportFile) -> str:
    count = format_decimal(found.rows)
    if not found.whole:
        return str(_("more than %(count)s rows", count=count))
    return str(ngettext("%(count)s row", "%(count)s rows", found.rows, count=count))


def _found(layout: Layout) -> str:
    """What the file was found to be."""
    parts = [KINDS[layout.kind]]
    if layout.encoding:
        parts.append(layout.encoding.upper())
    if layout.delimiter:
        names = {",": _("commas"), ";": _("semicolons"), "\t": _("tabs"), "|": _("bars")}
        parts.append(str(_("cells parted by %(sign)s", sign=names.get(layout.delimiter, layout.delimiter))))
    if layout.sheet:
        parts.append(str(_("sheet “%(name)s”", name=layout.sheet)))
    return " · ".join(parts)


def _samples(path: Any, layout: Layout) -> Sequence[Row]:
    found = rows(path, layout)
    try:
        return list(islice(found, SAMPLES))
    finally:
        found.close()  # type: ignore[attr-defined]  # they are generators


def _sample(row: Row, name: str, layout: Layout) -> str:
    cell = kept_cell(row.values.get(name))
    try:
        text = text_of(cell, Kind.TEXT, layout.kind) or ""
    except BadInput:
        text = str(cell)
    return text if len(text) <= LONGEST_SAMPLE else text[:LONGEST_SAMPLE] + "…"
