"""What lies on disk or in a database: arrays, Optuna's rows, locks, empty databases."""
