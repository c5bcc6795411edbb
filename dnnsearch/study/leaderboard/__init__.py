"""The trials of a study in order: the best first, filtered, sorted, and as text.

It does not know how trials are compared statistically: the caller passes which ones are tied.

- `ranking`: the leaderboard, read from Optuna's rows, with standard errors.
- `selection`: conditions and sorting.
- `formats`: a table, CSV, JSON, and YAML for a config.
"""
