"""What is measured beside this product, each a process of its own: `python -m tests.bench.candidates.NAME URL PORT`."""

# As many as the product gives itself, so that eight requests at once are eight everywhere.
THREADS = 8
