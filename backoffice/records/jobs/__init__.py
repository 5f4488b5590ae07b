"""Durable work on many records: a ledger, chunks that are done exactly once, and workers that come and go.

ledger     jobs are created, taken up, given back, cancelled, resumed
freezing   the keys that a job is about
tasks      what a kind of job does with a chunk of keys
chunks     one chunk in one transaction: records, history, position and lease together
worker     takes up jobs, one chunk after another, until told to stop
"""
