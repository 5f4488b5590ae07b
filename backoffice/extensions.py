"""The extensions, unbound; `create_app` binds them. Flask-Migrate stands in operations.migrate."""

from __future__ import annotations

from flask_babel import Babel
from flask_security import Security
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from backoffice.models import Model

# After a commit a record keeps what was written: a colleague may delete it before the answer names it.
db = SQLAlchemy(metadata=Model.metadata, session_options={"expire_on_commit": False})
babel = Babel()
csrf = CSRFProtect()
security = Security()
