"""Make revisions of examples: a file, loaded as Alembic loads it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from textwrap import indent

from alembic.script import Script
from alembic.util import load_python_file

HEAD = '''"""An example."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
'''
# Lines of an example that stand at the top of the file, as they are.
TOP = re.compile(r"^(?:from|import|phase|lint_ignore|revision)\b.*\n?", re.M)
DOWNGRADE = 'def downgrade():\n    raise NotImplementedError("An example goes one way only.")\n'


def revision(folder: Path, example: str, name: str = "0001_show_example.py") -> Script:
    """A revision whose `upgrade` is the example, after whole lines of the file and before a `downgrade` of its own."""
    top = "".join(line.rstrip("\n") + "\n" for line in TOP.findall(example))
    body, _, downgrade = TOP.sub("", example).partition("def downgrade():")
    down = f"def downgrade():{downgrade}" if downgrade else DOWNGRADE
    path = folder / name
    text = f"{HEAD}{top}\n\ndef upgrade():\n{indent(body.strip() or 'pass', '    ')}\n\n\n{down}"
    path.write_text(text, encoding="utf-8")
    # What was compiled of another example of the same size, a moment ago, would be taken for this one's.
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    module = load_python_file(str(folder), name)
    return Script(module, module.revision, str(path))
