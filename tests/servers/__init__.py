"""Real servers for the tests, on loopback and with their state in a folder of their own."""
