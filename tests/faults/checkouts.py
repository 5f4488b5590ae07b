"""Two versions of the product, made of the working tree: the newer one's users have an address, the older one's not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.documents import copy_repository
from tests.faults.processes import Process, environment, free_port

FIRST = "migrations/versions/0004_add_address_to_user.py"
ADDS = 'op.add_column("user", sa.Column("address", sa.String(200), nullable=True))'
DROPS = 'op.drop_column("user", "address")'
# What the older version does not know of, as it stands in each file.
WITHOUT: dict[str, tuple[str, ...]] = {
    "backoffice/models/user.py": ("    address: Mapped[str | None] = mapped_column(sa.String(200))\n",),
    "backoffice/admin/views/user.py": (
        '        "address",\n', ' "address",', ', "address")', '        "address": _l("Address"),\n',
    ),
    "backoffice/demo/load.py": ('            "address": someone.address,\n',),
}  # fmt: skip


@dataclass(frozen=True)
class Checkout:
    """A version, and the folder that it stands in."""

    root: Path
    knows_addresses: bool

    def server(self, address: str, folder: Path, log: IO[bytes]) -> Process:
        """`python run.py`, as behind a proxy; it has no worker beside it."""
        port = free_port()
        settings = {"PORT": str(port), "PROXIES": "1", "RUN_WORKER": "no", "DRAIN_DELAY_SECONDS": "1"}
        environ = self._environment(address, folder, **settings)
        return Process([sys.executable, "run.py"], port, cwd=self.root, env=environ, stdout=log, stderr=log)

    def flask(self, address: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`flask …`, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments], cwd=self.root, env=self._environment(address, folder),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip

    def _environment(self, address: str, folder: Path, **more: str) -> dict[str, str]:
        return environment(address, folder, PYTHONPATH=str(self.root), LOG_LEVEL="WARNING", **more)


def make_checkouts(folder: Path) -> tuple[Checkout, Checkout]:
    """The older and the newer version, one revision apart: the newer one's last revision adds the address."""
    newer = copy_repository(folder / "newer")
    first = newer / FIRST
    text = first.read_text(encoding="utf-8")
    _replace(first, ADDS, "pass")
    _replace(first, DROPS, "pass")
    older = Path(shutil.copytree(newer, folder / "older"))
    _add_revision(newer / "migrations" / "versions", text)
    for name, parts in WITHOUT.items():
        for part in parts:
            _replace(older / name, part, ")" if part.endswith(")") else "")
        assert '"address"' not in (older / name).read_text(encoding="utf-8"), f"{name} still knows addresses"
    return Checkout(older, False), Checkout(newer, True)


def _add_revision(versions: Path, text: str) -> None:
    last = max(path.name for path in versions.glob("[0-9]*.py"))[:4]
    number = f"{int(last) + 1:04d}"
    for name, old, new in (("revision", "0004", number), ("down_revision", "0003", last)):
        text, found = re.subn(rf'^{name} = "{old}"$', f'{name} = "{new}"', text, flags=re.M)
        assert found == 1, name
    (versions / f"{number}_add_address_to_user.py").write_text(text, encoding="utf-8")


def _replace(file: Path, old: str, new: str) -> None:
    """Fail where the source has changed so that the two versions would not differ as they have to."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} does not hold {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")
