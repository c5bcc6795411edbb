"""Run a trial or a whole study again and compare it with its record.

It writes neither to the study's storage, nor to its records, nor to MLflow.

- `baseline_verification`: fits the baselines of a study again, and reports on them.
- `rerun`: one trial trained again, with a verdict.
- `verify`: a whole study replayed from scratch, with a verdict.
- `lock_file`: the text of a study's lock file.
- `locking`: what a lock file says of a study.
- `lock_verification`: a study run again from its config, and compared with its lock file.
- `verification_summary`: a verdict as Markdown.
- `retraining`: the process that trains one trial again without seeing its result.
- `record_comparison`: the first difference between two results of one trial.
- `rounding`: whether two results differ by rounding alone.
"""
