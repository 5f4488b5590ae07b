"""What a revision would do to a database in use, found by reading its operations, before it is run anywhere.

`recording` notes the operations, `effects` tells what each costs on a database, the rules judge a whole revision,
`findings` puts it together. The upgrade's plan asks the first two as well.
"""
