"""This product as its operators run it: its own commands, in the folder of a checkout, with settings of production."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EMAIL, PASSWORD = "bench@example.com", "a password for the benchmark alone"
SECRETS = {
    "SECRET_KEY": "a secret for the benchmark alone",
    "SECURITY_PASSWORD_SALT": "a salt for the benchmark alone",
}


@dataclass(frozen=True)
class Product:
    """A checkout on a database."""

    database_url: str
    folder: Path = ROOT

    def environment(self, **more: str) -> dict[str, str]:
        """Production, and no setting of the person who runs the benchmark."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("FLASK", "BACKOFFICE", "BENCH", "PYTHON"))}
        own = {"BACKOFFICE_ENV": "production", "DATABASE_URL": self.database_url, "LOG_LEVEL": "WARNING"}
        # A jump over millions of rows may take its time here: that is to be measured, and not refused.
        return {**kept, **SECRETS, **own, "LIST_SECONDS": "60", **more}

    def flask(self, *arguments: str, said: str = "") -> str:
        """Run `flask …`; a RuntimeError says what it said when it fails."""
        done = self.run(*arguments, said=said)
        if done.returncode:
            raise RuntimeError(f"flask {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def run(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run `flask …`, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments], cwd=self.folder, env=self.environment(),
            input=said, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def index(self) -> None:
        """Bring the search index up to date, where it is not whole."""
        if self.run("search", "check", "--sample", "1000").returncode:
            self.flask("search", "reindex")

    def account(self, is_new: bool) -> None:
        """Somebody who may do everything; made once."""
        if is_new or EMAIL not in self.flask("staff", "list"):
            self.flask("staff", "create", EMAIL, "--role", "admin", "--password-stdin", said=PASSWORD + "\n")
