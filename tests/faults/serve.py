"""The application as a process of its own that may be killed at a point of a save: `python -m tests.faults.serve PORT`.

KILL_AT names the point, KILL_WHEN a file: only while that is there the process kills itself, as `kill -9` would.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import waitress
from sqlalchemy.orm import Session

from backoffice import create_app
from backoffice.extensions import db

# The points, by the statement that is about to be sent or has just been.
BEFORE = {"begun": "UPDATE article", "written": "INSERT INTO audit_entry", "told": "UPDATE audit_chain"}
POINTS = (*BEFORE, "committing", "committed")


def main() -> None:
    """Serve until somebody stops it."""
    app = create_app()
    point = os.environ.get("KILL_AT", "")
    if point:
        with app.app_context():
            arm(db.engine, point, Path(os.environ["KILL_WHEN"]))
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=4)


def arm(engine: sa.Engine, point: str, when: Path) -> None:
    """Be killed at the point, if the file is there."""

    def die(*_about: Any) -> None:
        if when.exists():
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(BEFORE[point]):
            die()

    if point in BEFORE:
        sa.event.listen(engine, "before_cursor_execute", watch)
    elif point == "committing":
        sa.event.listen(engine, "commit", die)
    else:
        sa.event.listen(Session, "after_commit", die)


if __name__ == "__main__":
    main()
