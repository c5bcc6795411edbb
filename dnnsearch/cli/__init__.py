"""The command line: one module for each group of commands, and what they share.

A command reads its options, calls what does the work, and prints. Modules that do work are imported
inside the commands, so that `--help` waits for none of them.
"""
