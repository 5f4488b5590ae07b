"""The rules by what they are about. Importing a module is what makes its rules known."""

from backoffice.operations.lint.rules import (
    columns,
    constraints,
    data,
    foreign_keys,
    indexes,
    revisions,
    sqlite,
    tables,
)

__all__ = ["columns", "constraints", "data", "foreign_keys", "indexes", "revisions", "sqlite", "tables"]
