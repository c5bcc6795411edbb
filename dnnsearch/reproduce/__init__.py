"""A trial or a whole study again, compared with its record."""
