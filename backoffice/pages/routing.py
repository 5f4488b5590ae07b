"""Routes that write the code for their addresses when the first is asked for: most of a start went into that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Build = Callable[..., tuple[str, str]]


class LateRule(Rule):
    """Werkzeug compiles two functions for each of three hundred routes, of which a process asks for a few.

    `_compile_builder` is Werkzeug's own: where a later version has none, rules are compiled as they were before.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Build:
        compile_builder: Callable[[bool], Build] = super()._compile_builder
        built: list[Any] = []

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not built:
                built.append(compile_builder(append_unknown).__get__(rule, None))
            address: tuple[str, str] = built[0](**values)
            return address

        return build
