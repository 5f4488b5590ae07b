"""Texts in Markdown: their preview, how details show them, and the files that go with them."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, render_template, request, send_from_directory
from flask_admin import expose
from flask_security import current_user
from markupsafe import Markup
from wtforms import Form
from wtforms.fields.core import UnboundField

from backoffice.access.headers import send_apart
from backoffice.admin.base import value_of
from backoffice.admin.fields import MarkdownField, TextField
from backoffice.admin.record_tools import RecordToolsView
from backoffice.config import Settings
from backoffice.database.attributes import Attribute
from backoffice.errors import BadInput, NotFound
from backoffice.i18n import gettext as _
from backoffice.records import markdown, uploads


class WritingView(RecordToolsView):
    """The columns of `column_markdown` are written with a preview and read as they are rendered."""

    markdown_template = "admin/model/markdown.html"

    def _field(self, found: Attribute) -> UnboundField[Any] | None:
        field = super()._field(found)
        if field is None or found.name not in self.column_markdown or field.field_class is not TextField:
            return field
        return UnboundField(MarkdownField, *field.args, **field.kwargs)

    def _prepared(self, form: Form, record: Any) -> Form:
        new, most = "new_" if record is None else "", settings().most_of_upload
        for field in super()._prepared(form, record):
            if isinstance(field, MarkdownField):
                field.preview_url = self.page_url(f"{new}preview_view")
                field.upload_url = self.page_url(f"{new}upload_view")
                field.upload_most, field.preview_most = most, markdown.MOST
        return form

    def details_html(self, record: Any, name: str) -> Markup:
        """A Markdown text as it is rendered, with its source at hand; anything else as ever."""
        source = value_of(record, name) if name in self.column_markdown else None
        if not source:
            return super().details_html(record, name)
        rendered = markdown.render(source, uploads=self._uploads_url())
        page = render_template(
            self.markdown_template,
            html=Markup(rendered.html),  # noqa: S704 - it has been through the sanitiser
            note="" if rendered.whole else _cut_note(),
            source=source,
        )
        return Markup(page)  # noqa: S704 - the template escapes everything else

    # -- for the editor's scripts -------------------------------------------------------------------------------------

    @expose("/preview/", methods=("POST",))
    def preview_view(self) -> Any:
        """The text of a record's form, rendered."""
        self.require("edit")
        return self._preview()

    @expose("/new/preview/", methods=("POST",))
    def new_preview_view(self) -> Any:
        """The text of a new record's form, rendered."""
        self.require("create")
        return self._preview()

    @expose("/upload/", methods=("POST",))
    def upload_view(self) -> Any:
        """Take a file for a record's text."""
        self.require("edit")
        return self._upload()

    @expose("/new/upload/", methods=("POST",))
    def new_upload_view(self) -> Any:
        """Take a file for a new record's text."""
        self.require("create")
        return self._upload()

    @expose("/uploads/<file>")
    def uploaded_view(self, file: str) -> Any:
        """A file of these texts, for whoever may read them: pictures where they stand, all else as a download.

        The type is the one its content had when it came, and browsers are told to believe it and to run nothing.
        """
        self._require_markdown()
        upload = uploads.find(self.db_session, file)
        folder = settings().uploads
        if not (folder / upload.name).is_file():
            raise NotFound(_("This file is missing from the server. Tell an operator: flask uploads check"))
        response: Response = send_from_directory(
            folder,
            upload.name,
            mimetype=upload.media_type,
            as_attachment=not upload.is_image,
            download_name=_download_name(upload.file_name, upload.name),
            etag=upload.sha256,
        )
        return send_apart(response)

    def _preview(self) -> Any:
        self._require_markdown()
        text = request.form.get("text", "").replace("\r\n", "\n")
        rendered = markdown.render(text, uploads=self._uploads_url())
        return jsonify(html=rendered.html, note="" if rendered.whole else _cut_note())

    def _upload(self) -> Any:
        self._require_markdown()
        file = request.files.get("file")
        if file is None or not file.filename:
            raise BadInput(_("No file has come with this. Choose one."))
        upload = uploads.keep(
            self.db_session,
            settings().uploads,
            file.stream,
            file.filename,
            most=settings().most_of_upload,
            staff_id=current_user.id,
        )
        return jsonify(markdown=uploads.markdown_of(upload, file.filename), name=upload.name)

    def _require_markdown(self) -> None:
        if not self.column_markdown:
            raise NotFound(_("There is nothing in Markdown here."))

    def _uploads_url(self) -> str:
        return self.page_url("index_view") + markdown.UPLOADS.removeprefix("/")


def settings() -> Settings:
    """The installation's."""
    found: Settings = current_app.extensions["backoffice"]
    return found


def _cut_note() -> str:
    return _("This is the beginning: a text of more than %(count)s characters is not shown whole.",
             count=f"{markdown.MOST:,}")  # fmt: skip


def _download_name(file_name: str, name: str) -> str:
    """What the person called it, with the ending of what it is: `photo.png.exe` comes back as a picture."""
    ending = name.rpartition(".")[2]
    return file_name if file_name.lower().endswith(f".{ending}") else f"{file_name}.{ending}"
