"""A trial: its spec, its training, its record. All that a worker needs."""
