"""Profilers: one file a kind. Import them from their own files, or by name through `registry`."""
