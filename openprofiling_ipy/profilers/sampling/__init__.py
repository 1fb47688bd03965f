"""The sampling engine behind `cpu` and `wall`: pure Python, one daemon thread. See README.md beside this file."""
