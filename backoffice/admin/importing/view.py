"""The layer of RecordView for imports: a file is taken, its columns are mapped, and a dry run begins."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import get_locale
from flask_security import current_user

from backoffice.admin.bulk.view import AT_ONCE
from backoffice.admin.importing import mapping
from backoffice.admin.importing.declared import modes, require
from backoffice.admin.importing.mapping import Mapping
from backoffice.admin.importing.pages import mapping_page, upload_page
from backoffice.admin.once import Answer
from backoffice.admin.reverting import RevertingView
from backoffice.admin.working import job_url_of, work_off
from backoffice.admin.writing import settings
from backoffice.errors import BackofficeError, BadInput
from backoffice.i18n import gettext as _
from backoffice.models import Job, utcnow
from backoffice.records.importing import Bounds, Layout, detect, kept, rows
from backoffice.records.importing.kept import ImportFile
from backoffice.records.importing.starting import CHECK, IMPORT
from backoffice.records.jobs import ledger

# Whoever brings a file waits no longer for the number of its rows.
SECONDS_OF_COUNTING = 2.0


class ImportingView(RevertingView):
    """Rows of a file become records, after a dry run has shown what would become of them."""

    import_template = "admin/model/import.html"
    mapping_template = "admin/model/import_mapping.html"

    @expose("/import/", methods=("GET", "POST"))
    def import_view(self) -> Any:
        """Choose a file; with one, say which column fills what."""
        self.require(IMPORT)
        if not modes(self):
            self.require("create")
        try:
            if request.method != "POST":
                token = request.args.get("file", "")
                return self._ask_for_mapping(self._import_file(token, request.args)) if token else self._ask_for_file()
            return self._start_import() if request.form.get("file") else self._take_file()
        except BackofficeError as refusal:
            return self._ask_for_file(refusal)

    def _ask_for_file(self, refusal: BackofficeError | None = None) -> Any:
        page = upload_page(self, self.back_url(), refusal.message if refusal else "")
        html = self.render(self.import_template, page=page, view=self, breadcrumbs=self.breadcrumbs(_("Import")))
        return html, refusal.status if refusal else 200

    def _ask_for_mapping(self, found: ImportFile, chosen: Mapping | None = None, problem: str = "") -> Any:
        chosen = chosen or mapping.proposed(self, found.layout["columns"])
        page = mapping_page(self, found, chosen, self.back_url(), problem)
        html = self.render(self.mapping_template, page=page, view=self, breadcrumbs=self.breadcrumbs(_("Import")))
        return html, 400 if problem else 200

    # -- the file ----------------------------------------------------------------------------------------------------

    def _take_file(self) -> Any:
        """Keep the file and find out what it is, before any transaction begins: that may take a while."""
        if (answered := self.answered()) is not None:
            return self.say(answered)
        file = request.files.get("upload")
        if file is None or not file.filename:
            raise BadInput(_("No file has come with this. Choose one."))
        uploads = settings().uploads
        token, path, name = kept.keep(uploads, file.stream, file.filename, most=settings().most_of_upload)
        try:
            layout = detect(path, name)
            count, whole = _count(path, layout)
            found = ImportFile(token, name, self.endpoint, current_user.id, layout.to_dict(), count, whole)
            kept.note(uploads, found)
        except BaseException:
            kept.drop(uploads, token)
            raise
        url = self.page_url("import_view", file=token, url=request.args.get("url", ""))
        return self.carry_out(lambda: Answer(url=url, messages=[]))

    def _import_file(self, token: str, asked: Any) -> ImportFile:
        """A file of this person's, with the sheet that was chosen."""
        uploads = settings().uploads
        found = kept.find(uploads, token, self.endpoint, current_user.id)
        sheet = asked.get("sheet", "")
        if not sheet or sheet == found.layout["sheet"]:
            return found
        path = kept.path_of(uploads, token)
        layout = detect(path, found.name, sheet=sheet)
        count, whole = _count(path, layout)
        return replace(found, layout=layout.to_dict(), rows=count, whole=whole)

    # -- the dry run -------------------------------------------------------------------------------------------------

    def _start_import(self) -> Any:
        """Begin the dry run; the form again where something in it is wrong."""
        found = self._import_file(request.form["file"], request.form)
        columns = found.layout["columns"]
        try:
            chosen = mapping.read(self, columns, request.form)
        except BadInput as refusal:
            return self._ask_for_mapping(found, self._mapping_as_sent(columns), refusal.message)
        require(self, chosen.mode)
        answer = self.once(lambda: Answer(url=str(self._make_check(found, chosen).id), messages=[]))
        number = int(answer["url"])
        return work_off(number, job_url_of(number), at_once=_is_small(found))

    def _make_check(self, found: ImportFile, chosen: Mapping) -> Job:
        job = Job(
            kind=CHECK,
            endpoint=self.endpoint,
            action=CHECK,
            arguments={
                "file": found.token, "name": found.name, "layout": found.layout, "whole": found.whole, "numbered": True,
                "columns": chosen.columns, "match": list(chosen.match), "mode": chosen.mode,
            },
            selection={},
            words="",
            staff_id=current_user.id,
            person=current_user.email[:255],
            locale=str(get_locale()),
            # How many rows there are turns out when the last one is read.
            length=found.rows if found.whole else Bounds().rows + 1,
            created_at=utcnow(),
        )  # fmt: skip
        if _is_small(found):
            ledger.reserve(job)
        return ledger.create(self.db_session, job, ())

    def _mapping_as_sent(self, columns: list[str]) -> Mapping:
        """What was chosen, right or wrong."""
        sent = request.form
        chosen = {column: name for n, column in enumerate(columns) if (name := sent.get(f"to-{n}", ""))}
        told = tuple(chosen.get(column, "") for column in mapping.telling(columns, sent))
        return Mapping(chosen, told, sent.get("mode", ""))


def _count(path: Path, layout: Layout) -> tuple[int, bool]:
    """How many rows there are, as far as they can be counted in a moment, and whether that is all of them."""
    until, count = monotonic() + SECONDS_OF_COUNTING, 0
    with closing(rows(path, layout)) as found:  # type: ignore[type-var]  # they are generators
        for count, _row in enumerate(found, 1):
            if count > AT_ONCE and monotonic() > until:
                return count, False
    if not count:
        raise BadInput(_("The file has column names, but no rows below them."))
    return count, True


def _is_small(found: ImportFile) -> bool:
    """Whether it is tried out before the answer."""
    return found.whole and found.rows <= AT_ONCE
