"""What the product's command line makes of a command that somebody is told to type, without doing it."""

from __future__ import annotations

import shlex

import click
from flask import Flask


def refused(app: Flask, command: str) -> str:
    """What is wrong with the words, options and values of `flask …`; "" where at most an argument is missing."""
    found: click.Command = app.cli
    context = click.Context(found, info_name="flask")
    _flask, *words = shlex.split(command)
    # As Flask finds them: some are loaded only when they are asked for.
    while isinstance(found, click.Group) and words:
        name = words.pop(0)
        below = found.get_command(context, name)
        if below is None:
            return f"there is no {name}"
        found, context = below, click.Context(below, info_name=name, parent=context)
    try:
        # Its options are read; it is not invoked.
        found.make_context(found.name, words, parent=context.parent)
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError):
        return ""
    except click.ClickException as problem:
        return problem.format_message()
    return ""
