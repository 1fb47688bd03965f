"""What makes an agent start and stop recordings."""
