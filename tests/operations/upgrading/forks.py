"""Runs `flask db …` in processes of their own that need no time to start: each is forked from this one.

Reads one JSON array of runs a line, starts all of them at once, and answers with one line: how each ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from flask.cli import ScriptInfo

from backoffice import create_app
from backoffice.commands import db  # loaded once, for all that are forked
from backoffice.config import Settings
from backoffice.operations.upgrading import statements


def main() -> None:
    """Until standard input ends."""
    assert db
    for line in sys.stdin:
        children = [_fork(run) for run in json.loads(line)]
        print(json.dumps([_ended(*child) for child in children]), flush=True)


def _fork(run: dict[str, Any]) -> tuple[int, str]:
    descriptor, path = tempfile.mkstemp()
    number = os.fork()
    if number:
        os.close(descriptor)
        return number, path
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    code = 70
    try:
        _run(run)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ended(number: int, path: str) -> dict[str, Any]:
    _pid, status = os.waitpid(number, 0)
    output = Path(path).read_text(encoding="utf-8")
    Path(path).unlink()
    return {"code": os.waitstatus_to_exitcode(status), "output": output}


def _run(run: dict[str, Any]) -> None:
    app = create_app(
        Settings(
            database_url=run["url"], secret_key="a secret for tests only", password_salt="a salt for tests only",
            instance_path=Path(run["folder"]), environment=run.get("environment", "development"),
        )
    )  # fmt: skip
    if run.get("kill"):
        _die(*run["kill"])
    arguments = ["db", *(["-d", run["directory"]] if run.get("directory") else []), *run["arguments"]]
    app.cli.main(arguments, prog_name="flask", obj=ScriptInfo(create_app=lambda: app))


def _die(count: int, when: str) -> None:
    """End without a word at the `count`th statement that is carried out: once it is noted, or once it is done."""
    original = statements.Statements._run
    begun = 0

    def run(self: statements.Statements, *arguments: Any) -> Any:
        nonlocal begun
        begun += 1
        if begun == count and when == "noted":
            # As where the server has committed the note by itself, and then not carried out the statement.
            if self.alone:
                self.connection.commit()
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(self, *arguments)
        if begun == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    statements.Statements._run = run  # type: ignore[method-assign]  # in this process alone


if __name__ == "__main__":
    main()
