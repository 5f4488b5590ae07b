"""A model with every column type in the browser's eyes."""
