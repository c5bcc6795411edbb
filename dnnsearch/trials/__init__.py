"""A trial: its spec, its training, its metrics and its record; all that a worker needs.

It does not know Optuna, MLflow, configs or processes.

- `metrics`: the table of metrics, and which of two values is better.
- `record`: the record of a trial: what was asked and what came out, packed with its digests.
- `record_store`: the folder of a study's record files, and copies of remote records.
- `run`: `run_trial(spec, data)`, and a trial as users see it.
- `spec`: everything that determines a trial, and its digest.
- `training`: gradient descent, as a generator of progress.
"""
