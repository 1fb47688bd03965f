"""Formats: one file each; `registry` finds them by name, ending or content."""
