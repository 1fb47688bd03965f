"""Exporters: one file a kind of place."""
