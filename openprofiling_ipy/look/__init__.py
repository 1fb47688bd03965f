"""A look at a running process from a terminal: `python -m openprofiling_ipy look PID`."""
