"""Demo data: made up from word lists here, the same for the same seed, free of anybody's rights."""
