"""A session inside IPython: a recording begins and ends with one execution, and shows its result below it."""
