"""Saved views in the browser's eyes: tabs, what addresses open, who may change them, what they never grant."""
