"""The trials of a study in order: the best first, filtered, sorted, and as text.

It does not know how trials are compared statistically: the caller passes which ones are tied.

- `ranking`: the leaderboard, read from Optuna's rows, with standard errors.
- `selection`: conditions and sorting.
- `formats`: CSV, JSON, and YAML for a config.
- `leaderboard_table`: the trials of a study, or the studies of a storage, as tables.
"""
