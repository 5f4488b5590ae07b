"""What speed and dialects need: addresses, connections, and the statements behind lists."""
