"""The field of a Markdown text: a text with a preview beside it and files put into it."""

from __future__ import annotations

from typing import Any

from wtforms import widgets

from backoffice.admin.fields.inputs import TextField


class MarkdownField(TextField):
    """Text over several lines. Without the addresses, which a form gives it, it is a plain one."""

    widget: Any = widgets.TextArea()
    preview_url = ""
    upload_url = ""
    # The largest file it takes, in bytes, and how many characters of the text are previewed.
    upload_most = 0
    preview_most = 0
