"""The search box: what it finds, and that its index follows every write."""
