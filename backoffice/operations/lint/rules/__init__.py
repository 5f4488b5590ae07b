"""The rules by what they are about. Importing a module is what makes its rules known."""

from backoffice.operations.lint.rules import columns, constraints, data, indexes, revisions, sqlite, tables

__all__ = ["columns", "constraints", "data", "indexes", "revisions", "sqlite", "tables"]
