"""Exports: exact, in one snapshot, in constant memory, and ended at once when nobody wants the rest."""
