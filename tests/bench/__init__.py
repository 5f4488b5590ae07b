"""`python -m tests.bench`, or `make bench`: this product beside stock Flask-Admin and raw SQL on a million articles."""
