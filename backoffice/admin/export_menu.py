"""The Export menu of a list: which rows, which columns, which kind of file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backoffice.admin.address import ListAddress
from backoffice.admin.columns import print_columns
from backoffice.admin.pager import amount
from backoffice.admin.presenters import ExportMenu, FileFormat
from backoffice.database.counting import Count
from backoffice.i18n import gettext as _

if TYPE_CHECKING:
    from backoffice.admin.base import BaseRecordView

# What of a list's address says which rows there are, in which order, and which view they come from.
KEPT = ("search", "where", "sort", "based")


def export_menu(
    view: BaseRecordView, address: ListAddress, names: Sequence[str], counted: Count | None
) -> ExportMenu | None:
    """The menu for the list at `address`, which shows the columns `names`; None where this person may not export."""
    if not view.may("export"):
        return None
    return ExportMenu(
        rows=_rows(counted, narrowed=address.selection.narrowed),
        shown=print_columns(names),
        formats=[
            FileFormat(label, hint, view.page_url("export", export_type=kind))
            for kind, label, hint in _formats()
            if kind in view.export_types
        ],
        state=address.state(*(name for name, _value in address.state() if name not in KEPT)),
    )


def _formats() -> Sequence[tuple[str, str, str]]:
    """Each kind of file by what people call it, with what it is good for."""
    return (
        ("csv", "CSV", str(_("For spreadsheets and most programs"))),
        ("xlsx", "Excel (XLSX)", str(_("Numbers and days as such, moments as text"))),
        ("jsonl", "JSON lines", str(_("For programs: every value exactly"))),
    )


def _rows(counted: Count | None, *, narrowed: bool) -> str:
    if counted is None:
        return ""
    if narrowed:
        return str(_("All rows that match, of every page: %(count)s", count=amount(counted)))
    return str(_("All rows, of every page: %(count)s", count=amount(counted)))
