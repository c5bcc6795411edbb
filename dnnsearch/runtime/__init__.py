"""The process that runs: its numerics, its child processes, its own command line."""
