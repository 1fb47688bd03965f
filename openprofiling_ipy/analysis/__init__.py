"""Pure functions over documents: numbers in, numbers out."""
