"""The notebook around a recording, without IPython: which files are cells, and the `%%oprof` line in a cell's text."""
