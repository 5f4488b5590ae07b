"""The tests; they mirror `backoffice/`."""
