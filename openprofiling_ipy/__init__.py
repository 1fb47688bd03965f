"""Profile a notebook cell or a running service: choose a profiler, a trigger and an exporter."""
