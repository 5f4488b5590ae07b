"""Bulk actions: declared on a view, asked about in a dialog, carried out as jobs on ticked rows or on all that match.

declared   the decorator and what it keeps
asked      which rows were asked about: sealed in the dialog, frozen at confirmation
dialog     what the dialog tells before anything is done
tasks      how a worker carries a job of a view out, as the person who asked for it
view       the layer of RecordView
"""
