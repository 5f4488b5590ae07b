"""What may be done with records, whoever asks: saving, deleting, linking, exporting. Knows no Flask request."""
