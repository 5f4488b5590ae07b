"""What operators do and see: upgrades of the schema, lint of revisions, readiness, checks, backups, metrics.

Pages may ask these modules; none of them knows the pages. Only what upgrades loads Alembic, and nothing that serves.
"""
