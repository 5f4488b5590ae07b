"""`flask db upgrade` and `downgrade`: one runner, a journal of every statement, waits that end, a rerun that goes on.

runner       the revisions one by one under the lock, tried again where something passing was in the way
locks        one runner at a time: across threads, processes and machines
connections  how long the runner's own connection waits, and who is in its way
statements   each statement in the journal before it runs; what was done before a kill is not done again
definitions  what a table is made of, to compare it before and after a statement
verification what is then otherwise than the models say
tables       rows that a change of the schema must not lose
report       what is told meanwhile, to a person or a machine
"""
