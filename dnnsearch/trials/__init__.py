"""A trial: its spec, its training, its metrics and its record; all that a worker needs.

It does not know Optuna, MLflow, configs or processes.

- `checkpoint`: which point of a training is kept, and when patience ends it.
- `descent`: the table of rules of gradient descent, from momentum to schedule-free AdamW.
- `flat_params`: hyperparameters by flat names such as `units_1`.
- `hyperparameter_row`: a row of the table of hyperparameters, its rules and limits.
- `hyperparameters`: the table of the hyperparameters, and those of one trial.
- `input_pieces`: the pieces of a network in front of its first layer, with their constants.
- `metrics`: the table of metrics, and which of two values is better.
- `momentum`: the course's update, at a constant rate.
- `pruning`: the table of pruners, as thresholds in the spec.
- `record`: the record of a trial: what was asked and what came out, packed with its digests.
- `record_file`: the file of one record, whose content must be that of its name.
- `record_store`: the folder of a study's record files, and copies of remote records.
- `rounded_parameters`: parameters of an exact training: float64 while it trains, else float32.
- `run`: `run_trial(spec, data)`, and a trial as users see it.
- `schedules`: the table of learning rates over time.
- `spec`: everything that determines a trial, and its digest.
- `training`: gradient descent, as a generator of progress.
- `updates`: one update of a network's parameters, by any rule.
"""
