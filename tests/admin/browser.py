"""What a browser makes of a form, as far as values are concerned."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict


def sent_by_browser(page: str) -> MultiDict[str, Any]:
    """What is sent if every form of the page is submitted untouched."""
    return _Inputs(page).sent


class _Inputs(HTMLParser):
    """The values of inputs, with a browser's own line ends; files are not among them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: MultiDict[str, Any] = MultiDict()
        self.area: str | None = None
        self.select: str | None = None
        self.lines = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        name = values.get("name", "")
        if tag == "textarea":
            self.area, self.lines = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in values or self.select not in self.sent):
            self.sent[self.select] = values["value"]
        elif tag == "input" and name:
            self._input(name, values)

    def _input(self, name: str, values: dict[str, str]) -> None:
        kind = values.get("type", "text")
        if kind in ("checkbox", "radio"):
            if "checked" in values:
                self.sent.add(name, values["value"])
        elif kind not in ("file", "submit", "button"):
            # Inputs of one line lose their line ends.
            self.sent.add(name, values.get("value", "").replace("\r", "").replace("\n", ""))

    def handle_data(self, data: str) -> None:
        self.lines += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            lines = self.lines.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self.sent[self.area] = lines.replace("\n", "\r\n")
            self.area = None
        elif tag == "select":
            self.select = None
